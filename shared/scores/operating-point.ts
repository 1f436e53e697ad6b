import { rankScores, type RankedScores, type Scores } from './ranked-scores.ts';

/** What flagging all samples from some score upwards comes to. */
interface OperatingPoint {
  /** Samples flagged, by class. */
  truePositives: number;
  falsePositives: number;
  /** Shares of the anomalous and of the clean samples that are flagged, 0 to 1. */
  tpr: number;
  fpr: number;
  /** Share of the flagged samples that are anomalous; null if none is flagged. */
  precision: number | null;
}

/** Scores in order, counted from the top: answers for any threshold without another look at the samples. */
export interface OperatingPoints {
  ranked: RankedScores;
  /** Anomalous and clean samples in the first g groups of `ranked`, `[groups + 1]`. */
  truePositives: Int32Array;
  falsePositives: Int32Array;
}

function runningSums(counts: Int32Array): Int32Array {
  const sums = new Int32Array(counts.length + 1);
  for (let g = 0; g < counts.length; g++) sums[g + 1] = sums[g]! + counts[g]!;
  return sums;
}

/** Puts scores `[n]` with labels `[n]` (1 = anomalous) in order, once; O(n log n). @throws as `checkScores`. */
export function operatingPoints(scores: Scores, labels: Uint8Array): OperatingPoints {
  const ranked = rankScores(scores, labels);
  return { ranked, truePositives: runningSums(ranked.anomalous), falsePositives: runningSums(ranked.clean) };
}

/** How many of the descending `values` are at least `threshold`. */
function countFrom(values: Float64Array, threshold: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! >= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What flagging all samples that score at least `threshold` comes to; O(log n). */
export function operatingPointAt(points: OperatingPoints, threshold: number): OperatingPoint {
  const { thresholds, nAnomalous, nClean } = points.ranked;
  const groups = countFrom(thresholds, threshold);
  const truePositives = points.truePositives[groups]!;
  const falsePositives = points.falsePositives[groups]!;
  const flagged = truePositives + falsePositives;
  return {
    truePositives,
    falsePositives,
    tpr: truePositives / nAnomalous,
    fpr: falsePositives / nClean,
    precision: flagged === 0 ? null : truePositives / flagged,
  };
}
