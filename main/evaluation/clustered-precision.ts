import type { RankedScores, Scores } from '../../shared/scores/ranked-scores.ts';
import { student95 } from './beta.ts';
import { clusteredVariance, countGroups, type ClassGroups } from './clustered-auroc.ts';
import { averagePrecisionOf } from './figures-of-merit.ts';
import { onLogits, type Interval } from './interval.ts';
import { averagePrecisionInfluence } from './precision-interval.ts';
import { perfectBound, ruleOfThree } from './rule-of-three.ts';

/**
 * Average precision with its 95 % interval where samples come in groups: the influences of a group's samples are added up before
 * they are squared, as the placements of an AUROC are ({@link clusteredVariance}); Student's t with one degree of freedom less than the class
 * with fewer groups has groups; never tighter from below than a perfect ranking of so many groups. `docs/numerics.md` says how often it
 * holds the truth.
 */
export function clusteredPrecisionInterval(
  ranked: RankedScores,
  scores: Scores,
  labels: Uint8Array,
  groups: ClassGroups,
): Interval {
  const value = averagePrecisionOf(ranked);
  const counts = countGroups(groups);
  const fewest = Math.min(counts.anomalous, counts.clean);
  const variance = fewest > 1 ? clusteredVariance(influences(ranked, scores, labels), groups) : 0;
  // All scores equal leave rounding for a variance.
  if (value === 1 || !(variance > 1e-24)) return ruleOfThree(ranked, averagePrecisionOf, counts);
  const { lower, upper } = onLogits(value, Math.sqrt(variance), student95(fewest - 1));
  const least = perfectBound(ranked, averagePrecisionOf, counts);
  return { value, lower: Math.min(lower, least), upper, method: 'influence-clustered', oneSided: false };
}

/** The influence of each sample on the average precision, those of either class in their order. */
function influences(ranked: RankedScores, scores: Scores, labels: Uint8Array) {
  const byThreshold = averagePrecisionInfluence(ranked);
  const places = new Map(Array.from(ranked.thresholds, (threshold, place) => [threshold, place]));
  const of = (kind: 'anomalous' | 'clean') =>
    Float64Array.from(
      scores.filter((_, i) => (labels[i] === 1) === (kind === 'anomalous')),
      (score) => byThreshold[kind][places.get(score)!]!,
    );
  return { anomalous: of('anomalous'), clean: of('clean') };
}
