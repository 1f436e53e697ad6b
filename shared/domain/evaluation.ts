import { z } from 'zod';
import { CupbearerError } from '../errors.ts';

const share = z.number().min(0).max(1);

const intervalSchema = z.object({
  lower: share,
  upper: share,
  method: z.enum(['delong-logit', 'stratified-bootstrap', 'rule-of-three']),
  /** The figure stands at the end of its range; only the other bound says something. */
  one_sided: z.boolean(),
  level: z.literal(0.95),
});
/** A 95 % interval as eval.json keeps it. */
export type FigureInterval = z.infer<typeof intervalSchema>;

const histogramSchema = z
  .object({
    /** The axis on which the bins are equally wide. */
    scale: z.enum(['linear', 'log']),
    /** One more than bins, ascending. */
    edges: z.array(z.number()).min(2),
    clean: z.array(z.int().nonnegative()),
    anomalous: z.array(z.int().nonnegative()),
  })
  .refine(({ edges, clean, anomalous }) => clean.length === edges.length - 1 && anomalous.length === clean.length, {
    message: 'Expected one count a bin for each class, and one edge more.',
  });
/** Counts of scores by bin and class. */
export type Histogram = z.infer<typeof histogramSchema>;

/** What eval.json says of one layer. Higher score = more anomalous. */
export const layerMetricsSchema = z.object({
  AUC_ROC: share,
  AUC_ROC_interval: intervalSchema,
  AP: share,
  AP_interval: intervalSchema,
  /** Highest TPR among thresholds with an FPR of at most 1 %. */
  TPR_at_FPR_1: share,
  TPR_at_FPR_1_interval: intervalSchema,
  /** Samples scoring at least this are flagged at an FPR of at most 1 %; null where none can be. */
  threshold_at_FPR_1: z.number().nullable(),
  TPR_at_FPR_5: share,
  TPR_at_FPR_5_interval: intervalSchema,
  /** Lowest FPR among thresholds with a TPR of at least 95 %. */
  FPR_at_TPR_95: share,
  FPR_at_TPR_95_interval: intervalSchema,
  n_clean: z.int().positive(),
  n_anomalous: z.int().positive(),
  histogram: histogramSchema,
  /** Thinned for plotting with straight lines; samples scoring at least `threshold` are flagged, null flags none. */
  roc: z.object({ fpr: z.array(share), tpr: z.array(share), threshold: z.array(z.number().nullable()) }),
  /** Thinned for plotting with straight lines. */
  pr: z.object({ recall: z.array(share), precision: z.array(share) }),
});
export type LayerMetrics = z.infer<typeof layerMetricsSchema>;

/** The layer name of scores aggregated over layers. */
export const allLayers = 'all';

/** The key of eval.json under which the rest is kept; no layer can be named so. */
const reserved = 'evaluation';

const aboutSchema = z.record(z.string(), z.unknown());

/** An evaluation: metrics by layer name (`all` for the aggregate) and what was evaluated. */
export interface Evaluation {
  layers: Record<string, LayerMetrics>;
  /** Task, detector, versions and whatever else the runner keeps. */
  about: Record<string, unknown>;
}

const evaluationFormat = 1;

/**
 * The content of eval.json: layers at the top level, as the peer library has them, and the rest under `evaluation`.
 * @throws CupbearerError `usage` where a layer has the reserved name.
 */
export function toEvaluationFile({ layers, about }: Evaluation): Record<string, unknown> {
  if (Object.hasOwn(layers, reserved))
    throw new CupbearerError(
      'usage',
      `A layer cannot be named "${reserved}": eval.json keeps other things under this key.`,
    );
  return { ...layers, [reserved]: { ...about, format: evaluationFormat } };
}

/** The inverse of {@link toEvaluationFile}. @throws CupbearerError `bad-data` naming `source` and the first key that is wrong. */
export function parseEvaluationFile(content: unknown, source: string): Evaluation {
  const wrong = (what: string) => new CupbearerError('bad-data', `${source} is not an evaluation: ${what}`);
  const file = aboutSchema.safeParse(content);
  if (!file.success) throw wrong('expected an object with one entry a layer.');
  const { [reserved]: rest, ...entries } = file.data;
  const about = aboutSchema.safeParse(rest);
  if (!about.success) throw wrong(`expected an object under "${reserved}".`);
  const { format, ...kept } = about.data;
  if (format !== evaluationFormat)
    throw new CupbearerError(
      'bad-data',
      `${source} has format ${JSON.stringify(format)}; this version reads format ${evaluationFormat}.`,
      typeof format === 'number' && format > evaluationFormat ? { hint: 'It was written by a newer version.' } : {},
    );
  const layers = Object.entries(entries).map(([name, entry]) => {
    const metrics = layerMetricsSchema.safeParse(entry);
    if (metrics.success) return [name, metrics.data] as const;
    const issue = metrics.error.issues[0];
    throw wrong(`${[name, ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'not understood.'}`);
  });
  return { layers: Object.fromEntries(layers), about: kept };
}
