import type { RankedScores, Scores } from '../../shared/scores/ranked-scores.ts';
import { student95 } from './beta.ts';
import { countGroups, groupedSquares, type ClassGroups } from './clustered-auroc.ts';
import { z95, type Interval } from './interval.ts';
import { fprAtTprInterval, rateAtFprInterval, type Worth } from './rate-intervals.ts';

interface ClusteredRates {
  TPR_at_FPR_1: Interval;
  TPR_at_FPR_5: Interval;
  FPR_at_TPR_95: Interval;
}

/**
 * Rates at a threshold with their 95 % intervals where samples come in groups: those of as many independent samples as the groups are
 * worth. A class of n samples is worth n over its design effect (Rao & Scott 1992), reduced by the square of Student's t over the normal
 * quantile, as Korn & Graubard (1998) do where groups are few. `docs/numerics.md` says how often they hold the truth.
 */
export function clusteredRates(
  ranked: RankedScores,
  scores: Scores,
  labels: Uint8Array,
  groups: ClassGroups,
): ClusteredRates {
  const own = {
    anomalous: Float64Array.from(scores.filter((_, i) => labels[i] === 1)),
    clean: Float64Array.from(scores.filter((_, i) => labels[i] !== 1)),
  };
  const counts = countGroups(groups);
  const worth = (threshold: number): Worth => ({
    anomalous: effectiveCount(own.anomalous, groups.anomalous, counts.anomalous, threshold),
    clean: effectiveCount(own.clean, groups.clean, counts.clean, threshold),
  });
  const above = (kind: 'anomalous' | 'clean', share: number) => {
    const sorted = own[kind].slice().sort();
    return sorted[Math.max(0, Math.ceil(sorted.length * (1 - share)) - 1)]!;
  };
  return {
    TPR_at_FPR_1: rateAtFprInterval(ranked, 0.01, worth(above('clean', 0.01))),
    TPR_at_FPR_5: rateAtFprInterval(ranked, 0.05, worth(above('clean', 0.05))),
    FPR_at_TPR_95: fprAtTprInterval(ranked, 0.95, worth(above('anomalous', 0.95))),
  };
}

/**
 * How many independent samples those of one class are worth: at least 1, at most as many as there are. The design effect is the larger of
 * that of being above the threshold and that of the ranks, because few samples say little of the former far out.
 */
function effectiveCount(scores: Float64Array, groups: Int32Array, groupCount: number, threshold: number): number {
  const n = scores.length;
  if (groupCount < 2) return 1;
  const effect = Math.max(
    1,
    designEffect(
      scores.map((score) => (score > threshold ? 1 : 0)),
      groups,
    ),
    designEffect(midranks(scores), groups),
  );
  if (groupCount === n && effect === 1) return n;
  const fewGroups = (z95 / student95(groupCount - 1)) ** 2;
  return Math.max(1, Math.floor((n / effect) * fewGroups));
}

/** The variance of the mean of values that come in groups, over that of as many independent ones; 0 where values are all equal. */
function designEffect(values: Float64Array, groups: Int32Array): number {
  const single = groupedSquares(values, Int32Array.from(values.keys()));
  return single > 0 ? groupedSquares(values, groups) / single : 0;
}

/** The share of scores below each, those that are equal counted half. */
function midranks(scores: Float64Array): Float64Array {
  const sorted = scores.slice().sort();
  const ranks = new Map<number, number>();
  for (let first = 0, next = 0; first < sorted.length; first = next) {
    while (next < sorted.length && sorted[next] === sorted[first]) next++;
    ranks.set(sorted[first]!, (first + next) / 2 / sorted.length);
  }
  return scores.map((score) => ranks.get(score)!);
}
