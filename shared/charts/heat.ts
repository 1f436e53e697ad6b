import type { MatrixMetric } from '../domain/result-matrix.ts';

/** How figures of a metric lie on the seven steps of heat. */
export interface HeatScale {
  /** Where step 0 begins, and each of the six above it, by how good a figure is. */
  edges: readonly number[];
  /** Where the steps of the other ink begin, downwards; none where guessing has no fixed figure. */
  below: readonly number[];
  /** Figures are worse the higher they are: the edges are of one minus the figure. */
  isReversed: boolean;
}

const rates = { edges: [0, 0.1, 0.25, 0.45, 0.65, 0.8, 0.95], below: [] };

/** AUROC and AP are told apart where detectors differ, near 1; rates over their whole range. */
export const heatScales: Readonly<Record<MatrixMetric, HeatScale>> = {
  auroc: { edges: [0.5, 0.55, 0.65, 0.75, 0.85, 0.93, 0.98], below: [0.45, 0.35, 0.25, 0.15, 0.07, 0.02], isReversed: false }, // prettier-ignore
  average_precision: { edges: [0.5, 0.55, 0.65, 0.75, 0.85, 0.93, 0.98], below: [], isReversed: false },
  tpr_at_1: { ...rates, isReversed: false },
  tpr_at_5: { ...rates, isReversed: false },
  fpr_at_95: { ...rates, isReversed: true },
};

/** Returns the step of a figure: 0 to 6, or -1 to -6 on the side of the scale where anomalies score lower. */
export function heatStep(figure: number, { edges, below, isReversed }: HeatScale): number {
  const merit = isReversed ? 1 - figure : figure;
  const under = below.filter((edge) => merit < edge).length;
  if (under > 0) return -under;
  return Math.max(0, edges.filter((edge) => merit >= edge).length - 1);
}
