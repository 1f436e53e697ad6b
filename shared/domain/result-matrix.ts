import { z } from 'zod';
import { pluginVersionSchema } from '../plugin/manifest.ts';

/**
 * The metrics that a matrix of results can show. `higher`: whether more is better. AUROC is the area under the ROC curve, AP the average
 * precision, TPR and FPR the rates of true and false positives at a threshold read off the test data.
 */
export const matrixMetrics = {
  auroc: { title: 'AUROC', higher: true },
  average_precision: { title: 'AP', higher: true },
  tpr_at_1: { title: 'TPR at 1 % FPR', higher: true },
  tpr_at_5: { title: 'TPR at 5 % FPR', higher: true },
  fpr_at_95: { title: 'FPR at 95 % TPR', higher: false },
} as const;
export type MatrixMetric = keyof typeof matrixMetrics;
export const matrixMetricIds = Object.keys(matrixMetrics) as [MatrixMetric, ...MatrixMetric[]];

const figure = z.number().nullable();

/** One run of a cell: the same setting with a seed of its own. */
const cellSeedSchema = z.object({
  seed: z.int().nonnegative(),
  /** Id of the run; null before there is one. */
  run: z.string().nullable(),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  /** Share of the run that is done, 0 to 1, while it goes on. */
  progress: z.number().min(0).max(1).nullable(),
  /** Milliseconds that its run took; null where it has not ended. */
  ms: z.number().nonnegative().nullable(),
  /** The metric, with its 95 % interval over samples; null where it is not known. */
  value: figure,
  lower: figure,
  upper: figure,
  /** Why it failed. */
  reason: z.string().nullable(),
});
export type CellSeed = z.infer<typeof cellSeedSchema>;

/** A detector on a task: all seeds as one figure. */
const matrixCellSchema = z.object({
  /** `impossible`: what the detector needs is not in the task, `reason` says what. */
  state: z.enum(['waiting', 'running', 'partial', 'done', 'failed', 'impossible']),
  reason: z.string().nullable(),
  seeds: z.array(cellSeedSchema),
  /** Over the seeds that are done: mean, standard deviation (n - 1; null for one seed), and a 95 % interval of the mean. */
  mean: figure,
  deviation: figure,
  lower: figure,
  upper: figure,
  /** Half of the interval's width that samples alone, and seeds alone, would give. */
  fromSamples: figure,
  fromSeeds: figure,
  /** What a reader must know before believing the figure. */
  warnings: z.array(z.string()),
});
export type MatrixCell = z.infer<typeof matrixCellSchema>;

/** A task: a column of the matrix, with the classifiers that its cells share. */
const matrixTaskSchema = z.object({
  label: z.string(),
  /** Why its figures stand apart and are left out of means, ranks and tests: "Attack failed (4.7 % success)"; null where it counts. */
  notCounted: z.string().nullable(),
});

/** A detector with its settings: a row of the matrix. */
const matrixDetectorSchema = z.object({
  label: z.string(),
  /** "trusted data only", "sees untrusted data". */
  sees: z.string(),
  /** A skyline sees anomaly labels: it has a mean, but no rank, and is never the best. */
  isSkyline: z.boolean(),
  /** The plugin that adds it. */
  plugin: pluginVersionSchema.optional(),
});

/** The results of an experiment: detectors by tasks, `cells[detector][task]`. */
export const resultMatrixSchema = z.object({
  title: z.string(),
  metric: z.enum(matrixMetricIds),
  /** How the layers became one score, in words: "mean over layers", "linear_1 alone, picked after seeing the labels". */
  aggregation: z.string(),
  /** The layer whose scores alone count; null for an aggregate over all. */
  layer: z.string().nullable(),
  /** The seeds of every setting. */
  seeds: z.array(z.int().nonnegative()),
  tasks: z.array(matrixTaskSchema),
  detectors: z.array(matrixDetectorSchema),
  cells: z.array(z.array(matrixCellSchema)),
});
export type ResultMatrix = z.infer<typeof resultMatrixSchema>;
