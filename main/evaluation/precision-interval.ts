import type { RankedScores } from '../../shared/scores/ranked-scores.ts';
import { student95 } from './beta.ts';
import { averagePrecisionOf } from './figures-of-merit.ts';
import { onLogits, type Interval } from './interval.ts';
import { perfectBound, ruleOfThree } from './rule-of-three.ts';

/** By how much the average precision grows with the weight of a sample of either class, by its group in the ranking, `[groups]`. */
interface PrecisionInfluence {
  anomalous: Float64Array;
  clean: Float64Array;
}

/**
 * The influence of every sample on the average precision (Hampel 1974), up to a constant a class: the precision at its own
 * threshold, for an anomalous one, and what its presence does to the precision at all thresholds that flag it.
 */
export function averagePrecisionInfluence({ anomalous, clean, nAnomalous, nClean }: RankedScores): PrecisionInfluence {
  const prevalence = nAnomalous / (nAnomalous + nClean);
  const groups = anomalous.length;
  const precision = new Float64Array(groups);
  // By how much the average precision grows with the share of anomalous and of clean samples flagged at a threshold.
  const byCaught = new Float64Array(groups);
  const byFalse = new Float64Array(groups);
  let tp = 0;
  let fp = 0;
  for (let g = 0; g < groups; g++) {
    tp += anomalous[g]!;
    fp += clean[g]!;
    precision[g] = tp / (tp + fp);
    const flagged = (tp + fp) / (nAnomalous + nClean);
    const slope = (prevalence * (1 - prevalence)) / flagged ** 2 / nAnomalous;
    byCaught[g] = (anomalous[g]! * slope * fp) / nClean;
    byFalse[g] = (-anomalous[g]! * slope * tp) / nAnomalous;
  }
  const ofAnomalous = new Float64Array(groups);
  const ofClean = new Float64Array(groups);
  for (let g = groups - 1, caught = 0, falsely = 0; g >= 0; g--) {
    caught += byCaught[g]!;
    falsely += byFalse[g]!;
    ofAnomalous[g] = precision[g]! + caught;
    ofClean[g] = falsely;
  }
  return { anomalous: ofAnomalous, clean: ofClean };
}

/**
 * Variance of the average precision over draws of both classes, each of the size it has, from the influence of every sample.
 * Needs two samples of each class.
 */
export function averagePrecisionVariance(ranked: RankedScores): number {
  const influence = averagePrecisionInfluence(ranked);
  return (
    weightedVariance(influence.anomalous, ranked.anomalous, ranked.nAnomalous) / ranked.nAnomalous +
    weightedVariance(influence.clean, ranked.clean, ranked.nClean) / ranked.nClean
  );
}

/** Sample variance (divisor total - 1) of values that occur `counts` times each. */
function weightedVariance(values: Float64Array, counts: Int32Array, total: number): number {
  let mean = 0;
  for (let g = 0; g < values.length; g++) mean += (counts[g]! * values[g]!) / total;
  let sum = 0;
  for (let g = 0; g < values.length; g++) sum += counts[g]! * (values[g]! - mean) ** 2;
  return sum / (total - 1);
}

/**
 * Average precision with its 95 % interval on the logit scale, Student's t with the degrees of freedom of the smaller
 * class; never tighter from below than that of a perfect ranking. Where the sample shows no spread the rule of three
 * takes its place. `docs/numerics.md` says how often it holds the truth.
 */
export function averagePrecisionInterval(ranked: RankedScores): Interval {
  const value = averagePrecisionOf(ranked);
  const fewest = Math.min(ranked.nAnomalous, ranked.nClean);
  const variance = fewest > 1 ? averagePrecisionVariance(ranked) : 0;
  // All scores equal leave rounding for a variance.
  if (value === 1 || !(variance > 1e-24)) return ruleOfThree(ranked, averagePrecisionOf);
  const { lower, upper } = onLogits(value, Math.sqrt(variance), student95(fewest - 1));
  const least = perfectBound(ranked, averagePrecisionOf);
  return { value, lower: Math.min(lower, least), upper, method: 'influence-logit', oneSided: false };
}
