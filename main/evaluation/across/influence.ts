import { rankScores, type Scores } from '../../../shared/scores/ranked-scores.ts';
import { placements } from '../delong.ts';
import { averagePrecisionInfluence } from '../precision-interval.ts';

/** Metrics that are smooth enough to be taken as a sum over samples. */
export type SmoothMetric = 'auroc' | 'average_precision';

/**
 * Returns the influence of every sample on a figure, `[n]`, with mean 0 over either class: where samples are drawn
 * again, the figure changes by the mean influence of the drawn anomalous samples plus that of the drawn clean ones, up
 * to terms of the order 1 / n. For AUROC these are DeLong's placements, and the terms left out are the products of both
 * classes' deviations.
 */
export function influenceOn(metric: SmoothMetric, scores: Scores, labels: Uint8Array): Float64Array {
  const influence = metric === 'auroc' ? byPlacement(scores, labels) : byPrecision(scores, labels);
  const total = [0, 0];
  const count = [0, 0];
  for (let i = 0; i < influence.length; i++) {
    total[labels[i]!]! += influence[i]!;
    count[labels[i]!]!++;
  }
  return influence.map((value, i) => value - total[labels[i]!]! / count[labels[i]!]!);
}

function byPlacement(scores: Scores, labels: Uint8Array): Float64Array {
  const placed = placements(scores, labels);
  let [anomalous, clean] = [0, 0];
  return Float64Array.from(labels, (label) => (label === 1 ? placed.anomalous[anomalous++]! : placed.clean[clean++]!));
}

function byPrecision(scores: Scores, labels: Uint8Array): Float64Array {
  const ranked = rankScores(scores, labels);
  const { anomalous, clean } = averagePrecisionInfluence(ranked);
  const groups = new Map(Array.from(ranked.thresholds, (threshold, g) => [threshold, g]));
  return Float64Array.from(labels, (label, i) => (label === 1 ? anomalous : clean)[groups.get(scores[i]!)!]!);
}
