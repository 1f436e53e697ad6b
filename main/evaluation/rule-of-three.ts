import type { Interval } from './interval.ts';
import type { RankedScores } from '../../shared/scores/ranked-scores.ts';

/** Where nothing was seen in n independent trials, its rate is below 3 / n with 95 % confidence: 0.05 = (1 - p)^n. */
const unseen = 3;

/** `counts` without the first `amount` samples met from the given side. */
function withoutFirst(counts: Int32Array, amount: number, fromTop: boolean): Int32Array {
  const rest = counts.slice();
  let left = amount;
  for (let k = 0; k < rest.length && left > 0; k++) {
    const g = fromTop ? k : rest.length - 1 - k;
    const taken = Math.min(left, rest[g]!);
    rest[g]! -= taken;
    left -= taken;
  }
  return rest;
}

/** How many of either class are independent: samples, or the groups that they come in. */
interface Units {
  anomalous: number;
  clean: number;
}

const single = ({ nAnomalous, nClean }: SampleCounts): Units => ({ anomalous: nAnomalous, clean: nClean });

/** `ranked` after up to three samples of one class, or as many as three groups have, were moved beyond the far end of all others. */
function moved(ranked: RankedScores, kind: 'anomalous' | 'clean', toTop: boolean, units: Units): RankedScores {
  const other = kind === 'anomalous' ? 'clean' : 'anomalous';
  const all = kind === 'anomalous' ? ranked.nAnomalous : ranked.nClean;
  const amount = Math.min(Math.ceil((unseen * all) / units[kind]), all);
  const groups = ranked.thresholds.length + 1;
  const extended = { ...ranked, anomalous: new Int32Array(groups), clean: new Int32Array(groups) };
  const offset = toTop ? 1 : 0;
  extended[kind].set(withoutFirst(ranked[kind], amount, !toTop), offset);
  extended[kind][toTop ? 0 : groups - 1] = amount;
  extended[other].set(ranked[other], offset);
  return extended;
}

/**
 * An interval where the sample shows no spread to build one from: the range that `figure` takes when three samples of
 * one class, or all if there are fewer, are moved to either far end. It extends the rule of three (Hanley &
 * Lippman-Hand 1983) from rates to figures of the whole ranking: an AUROC of 1 gets the bound 1 - 3 / min(m, n),
 * mirrored at 0.
 */
export function ruleOfThree(
  ranked: RankedScores,
  figure: (ranked: RankedScores) => number,
  units: Units = single(ranked),
): Interval {
  const value = figure(ranked);
  const reached = [
    moved(ranked, 'anomalous', true, units),
    moved(ranked, 'anomalous', false, units),
    moved(ranked, 'clean', true, units),
    moved(ranked, 'clean', false, units),
  ].map(figure);
  return {
    value,
    lower: Math.min(value, ...reached),
    upper: Math.max(value, ...reached),
    method: 'rule-of-three',
    oneSided: value === 0 || value === 1,
  };
}

type SampleCounts = Pick<RankedScores, 'nAnomalous' | 'nClean'>;

/** The lower bound that `figure` has for a perfect ranking of as many samples: no other may be surer. */
export function perfectBound(
  { nAnomalous, nClean }: SampleCounts,
  figure: (ranked: RankedScores) => number,
  units: Units = single({ nAnomalous, nClean }),
): number {
  const each = (flagged: boolean) =>
    Int32Array.from({ length: nAnomalous + nClean }, (_, k) => (k < nAnomalous === flagged ? 1 : 0));
  const thresholds = Float64Array.from({ length: nAnomalous + nClean }, (_, k) => -k);
  return ruleOfThree({ thresholds, anomalous: each(true), clean: each(false), nAnomalous, nClean }, figure, units)
    .lower;
}
