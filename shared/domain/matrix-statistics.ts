import { z } from 'zod';

const figure = z.number().nullable();
const share = z.number().min(0).max(1);

/**
 * A detector that counts, against the baseline, on the tasks that both have complete; figures are the detector's minus
 * the baseline's.
 */
const baselineComparisonSchema = z.object({
  /** Places of the tasks. */
  tasks: z.array(z.int().nonnegative()),
  /** Mean over tasks, with its 95 % interval; null where there are too few tasks: none, or one. */
  difference: figure,
  lower: figure,
  upper: figure,
  /** On how many tasks the detector does better, as well and worse. */
  win: z.int().nonnegative(),
  tie: z.int().nonnegative(),
  loss: z.int().nonnegative(),
  /** Wilcoxon's signed-rank test, two-sided; null where there are too few tasks, and `noTest` says so. */
  p: share.nullable(),
  /** Corrected by Holm for the comparisons with this baseline. */
  corrected: share.nullable(),
  noTest: z.string().nullable(),
});
export type BaselineComparison = z.infer<typeof baselineComparisonSchema>;

const detectorStatisticsSchema = z.object({
  /** Over the common tasks that it has complete, and their places. */
  mean: figure,
  tasks: z.array(z.int().nonnegative()),
  /** Mean rank over the common tasks, 1 for the best; null for skylines, and where there is nothing to rank. */
  rank: figure,
  /** Null for the baseline itself, for skylines and for detectors that have no task complete. */
  comparison: baselineComparisonSchema.nullable(),
  /** Tasks on which it does not count, and why. */
  leftOut: z.array(z.object({ task: z.int().nonnegative(), reason: z.string() })),
});
export type DetectorStatistics = z.infer<typeof detectorStatisticsSchema>;

/** What a matrix of results comes to over its tasks. */
export const matrixStatisticsSchema = z.object({
  /** Place of the detector that others are compared with; null where there is none. */
  baseline: z.int().nonnegative().nullable(),
  /** Tasks that count and that every ranked detector has complete: means and ranks are over these. */
  commonTasks: z.array(z.int().nonnegative()),
  /** Places of the detectors that are ranked. */
  ranked: z.array(z.int().nonnegative()),
  detectors: z.array(detectorStatisticsSchema),
  /** How many comparisons with the baseline the corrected p values are for. */
  comparisons: z.int().nonnegative(),
  /** Why nothing can be tested across tasks; null where something was. */
  noTest: z.string().nullable(),
  /**
   * For a critical-difference diagram: ranked detectors, best mean rank first, of which no two differ by Wilcoxon's
   * test over the common tasks, corrected by Holm for all pairs. Null where there are too few tasks to tell any apart.
   */
  groups: z.array(z.array(z.int().nonnegative())).nullable(),
});
export type MatrixStatistics = z.infer<typeof matrixStatisticsSchema>;
