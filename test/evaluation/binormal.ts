import { normalTwoSidedTail } from '../../main/evaluation/normal.ts';

/** The probability that a standard normal variable is above x. */
export const aboveNormal = (x: number): number => (x >= 0 ? normalTwoSidedTail(x) / 2 : 1 - normalTwoSidedTail(x) / 2);

/** Where the probability of a standard normal variable being above it is `share`. */
function normalQuantileAbove(share: number): number {
  let [low, high] = [-40, 40];
  for (let k = 0; k < 60; k++) {
    const middle = (low + high) / 2;
    if (aboveNormal(middle) > share) low = middle;
    else high = middle;
  }
  return low;
}

/** How far apart unit normals are that an AUROC tells apart: Phi(shift / sqrt 2). */
export const shiftOf = (auroc: number) => Math.SQRT2 * normalQuantileAbove(1 - auroc);

/** The figures of a detector with scores of N(shift, 1) for anomalous samples and N(0, 1) for clean ones. */
export function trueFigures(
  shift: number,
  prevalence: number,
): Record<'auroc' | 'ap' | 'tpr1' | 'tpr' | 'fpr', number> {
  const caughtAt = (fpr: number) => aboveNormal(normalQuantileAbove(fpr) - shift);
  // The mean precision over thresholds at the anomalous samples, by the midpoint rule over their quantiles.
  const steps = 20_000;
  let ap = 0;
  for (let k = 0; k < steps; k++) {
    const tpr = (k + 0.5) / steps;
    const fpr = aboveNormal(normalQuantileAbove(tpr) + shift);
    ap += (prevalence * tpr) / (prevalence * tpr + (1 - prevalence) * fpr) / steps;
  }
  return {
    auroc: 1 - aboveNormal(shift / Math.SQRT2),
    ap,
    tpr1: caughtAt(0.01),
    tpr: caughtAt(0.05),
    fpr: aboveNormal(normalQuantileAbove(0.95) + shift),
  };
}
