import { rankScores, type RankedScores, type Scores } from '../../shared/scores/ranked-scores.ts';

/**
 * Area under the ROC curve, 0 to 1: the probability that an anomalous sample scores higher than a clean one, ties
 * counting half (Mann-Whitney U with mid-ranks; Hanley & McNeil 1982). All sums are of whole numbers, hence exact.
 */
export function aurocOf({ anomalous, clean, nAnomalous, nClean }: RankedScores): number {
  let twiceWon = 0;
  let anomalousAbove = 0;
  for (let g = 0; g < clean.length; g++) {
    twiceWon += clean[g]! * (2 * anomalousAbove + anomalous[g]!);
    anomalousAbove += anomalous[g]!;
  }
  return twiceWon / (2 * nAnomalous * nClean);
}

/**
 * Average precision, above 0 to 1: the sum over distinct thresholds of precision times the gain in recall, without
 * interpolation, as scikit-learn's `average_precision_score`. Its chance level is the share of anomalous samples.
 */
export function averagePrecisionOf({ anomalous, clean, nAnomalous }: RankedScores): number {
  let sum = 0;
  let tp = 0;
  let flagged = 0;
  for (let g = 0; g < anomalous.length; g++) {
    const gained = anomalous[g]!;
    tp += gained;
    flagged += gained + clean[g]!;
    if (gained > 0) sum += (gained * tp) / flagged;
  }
  return sum / nAnomalous;
}

/**
 * The highest share of anomalous samples caught (TPR) among all thresholds whose false alarm rate (FPR) is at most
 * `maxFpr`. The threshold above every score counts (TPR 0 at FPR 0); nothing is interpolated between thresholds.
 */
export function rateAtFprOf({ anomalous, clean, nAnomalous, nClean }: RankedScores, maxFpr: number): number {
  let tp = 0;
  let fp = 0;
  for (let g = 0; g < clean.length; g++) {
    fp += clean[g]!;
    // A quotient, not a product with nClean: 7 / 100 <= 0.07 holds, 7 <= 0.07 * 100 is left to rounding.
    if (fp / nClean > maxFpr) break;
    tp += anomalous[g]!;
  }
  return tp / nAnomalous;
}

/**
 * The lowest score that can be flagged with a false alarm rate (FPR) of at most `maxFpr`: the threshold that reaches
 * {@link rateAtFprOf}. Null where even the highest score is too low, so that nothing can be flagged.
 */
export function thresholdAtFprOf({ thresholds, clean, nClean }: RankedScores, maxFpr: number): number | null {
  let fp = 0;
  let g = 0;
  for (; g < thresholds.length; g++) {
    fp += clean[g]!;
    if (fp / nClean > maxFpr) break;
  }
  return g === 0 ? null : thresholds[g - 1]!;
}

/** The lowest false alarm rate (FPR) among all thresholds that catch at least `minTpr` of the anomalous samples. */
export function fprAtTprOf({ anomalous, clean, nAnomalous, nClean }: RankedScores, minTpr: number): number {
  let tp = 0;
  let fp = 0;
  for (let g = 0; g < clean.length && tp / nAnomalous < minTpr; g++) {
    tp += anomalous[g]!;
    fp += clean[g]!;
  }
  return fp / nClean;
}

/** {@link aurocOf} of scores `[n]` and labels `[n]` (1 = anomalous). @throws as `checkScores`. */
export function auroc(scores: Scores, labels: Uint8Array): number {
  return aurocOf(rankScores(scores, labels));
}

/** {@link averagePrecisionOf} of scores `[n]` and labels `[n]` (1 = anomalous). @throws as `checkScores`. */
export function averagePrecision(scores: Scores, labels: Uint8Array): number {
  return averagePrecisionOf(rankScores(scores, labels));
}

/** {@link rateAtFprOf} of scores `[n]` and labels `[n]` (1 = anomalous). @throws as `checkScores`. */
export function rateAtFpr(scores: Scores, labels: Uint8Array, maxFpr: number): number {
  return rateAtFprOf(rankScores(scores, labels), maxFpr);
}

/** {@link fprAtTprOf} of scores `[n]` and labels `[n]` (1 = anomalous). @throws as `checkScores`. */
export function fprAtTpr(scores: Scores, labels: Uint8Array, minTpr: number): number {
  return fprAtTprOf(rankScores(scores, labels), minTpr);
}
