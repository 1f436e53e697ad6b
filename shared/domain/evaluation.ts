import { z } from 'zod';
import { CupbearerError } from '../errors.ts';
import { explainFaults } from '../schema/problems.ts';
import { pickedSchema } from './form.ts';

/** Bounds for a file that may come from elsewhere: charts draw all of it as if the program had written it. */
const mostBins = 1000;
const mostPoints = 10_000;
const mostLayers = 4096;

const share = z.number().min(0).max(1);

const intervalSchema = z.object({
  lower: share,
  upper: share,
  /** `stratified-bootstrap` in files of earlier versions only. */
  method: z.enum([
    'delong-logit',
    'delong-clustered',
    'influence-logit',
    'influence-clustered',
    'threshold-mixture',
    'threshold-mixture-clustered',
    'stratified-bootstrap',
    'rule-of-three',
  ]),
  /** The metric is at the end of its range, so only the other bound is informative. */
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
    edges: z
      .array(z.number())
      .min(2)
      .max(mostBins + 1),
    clean: z.array(z.int().nonnegative()),
    anomalous: z.array(z.int().nonnegative()),
  })
  .refine(({ edges, clean, anomalous }) => clean.length === edges.length - 1 && anomalous.length === clean.length, {
    message: 'Expected one count a bin for each class, and one edge more.',
  })
  .refine(({ edges }) => edges.every((edge, i) => i === 0 || edge >= edges[i - 1]!), {
    message: 'Expected ascending edges.',
  })
  .refine(({ scale, edges }) => scale === 'linear' || edges[0]! > 0, {
    message: 'Expected positive edges on a logarithmic axis.',
  });
/** Counts of scores by bin and class. */
export type Histogram = z.infer<typeof histogramSchema>;

/** What eval.json says of one layer. Higher score = more anomalous. */
export const layerMetricsSchema = z.object({
  AUC_ROC: share,
  AUC_ROC_interval: intervalSchema,
  AP: share,
  /** Like those below, null in files of earlier versions where samples come in groups. */
  AP_interval: intervalSchema.nullable(),
  /** Highest TPR among thresholds with an FPR of at most 1 %. */
  TPR_at_FPR_1: share,
  TPR_at_FPR_1_interval: intervalSchema.nullable(),
  /** Samples scoring at least this are flagged at an FPR of at most 1 %; null if none can be. */
  threshold_at_FPR_1: z.number().nullable(),
  TPR_at_FPR_5: share,
  TPR_at_FPR_5_interval: intervalSchema.nullable(),
  /** Lowest FPR among thresholds with a TPR of at least 95 %. */
  FPR_at_TPR_95: share,
  FPR_at_TPR_95_interval: intervalSchema.nullable(),
  n_clean: z.int().positive(),
  n_anomalous: z.int().positive(),
  /** How many groups the samples are in, where they are not independent. */
  n_groups: z.int().positive().exactOptional(),
  histogram: histogramSchema,
  /** Thinned for plotting with straight lines; samples scoring at least `threshold` are flagged, null flags none. */
  roc: z
    .object({ fpr: z.array(share).max(mostPoints), tpr: z.array(share), threshold: z.array(z.number().nullable()) })
    .refine(({ fpr, tpr, threshold }) => tpr.length === fpr.length && threshold.length === fpr.length, {
      message: 'Expected as many rates of either kind as thresholds.',
    }),
  /** Thinned for plotting with straight lines. */
  pr: z
    .object({ recall: z.array(share).max(mostPoints), precision: z.array(share) })
    .refine(({ recall, precision }) => precision.length === recall.length, {
      message: 'Expected as many values of precision as of recall.',
    }),
});
export type LayerMetrics = z.infer<typeof layerMetricsSchema>;

/**
 * What an attack aims at: that the model predicts the label which the attacked sample bears, or any but its own class.
 */
export type AttackAim = 'label' | 'mistake';

const aurocOfSomeSchema = layerMetricsSchema.pick({
  AUC_ROC: true,
  AUC_ROC_interval: true,
  n_clean: true,
  n_anomalous: true,
});
/** AUROC of the aggregate on part of the test samples. */
export type AurocOfSome = z.infer<typeof aurocOfSomeSchema>;

/** How an attack went on the anomalous test samples, and how well the aggregate finds what came of it. */
export const attackFiguresSchema = z.object({
  /** Anomalous samples that can be attacked: not those that were of the target class anyway. */
  attacked: z.int().nonnegative(),
  /** Of these, those on which the model did what the attack is for. */
  succeeded: z.int().nonnegative(),
  /**
   * Share of the clean samples on which the model does the same without an attack: takes one of another class for the
   * target, or is mistaken. Missing in files of earlier versions, and where there is no such sample.
   */
  clean_rate: share.exactOptional(),
  /** All clean samples and the anomalous ones on which the attack succeeded; null if it succeeded on none. */
  successful: aurocOfSomeSchema.nullable(),
  /**
   * Clean and anomalous samples that were not of the target class; null if there is not one target, or none are left.
   */
  other_classes: aurocOfSomeSchema.nullable(),
});
export type AttackFigures = z.infer<typeof attackFiguresSchema>;

/** How the model does on the clean test samples, where it predicts classes; shares are 0 to 1. */
const classifierSchema = z.object({
  accuracy: share,
  /** The share of samples that are of the most frequent class. */
  largest_class: share,
  /** The share of samples that are taken for one class, the most frequent answer. */
  largest_prediction: share,
  /** What is to be said of classes that are not matched with the model's by name. */
  classes_note: z.string().exactOptional(),
});

/** What was used of recorded activations as it is, because the task says so. */
const leniencySchema = z.object({
  /** Fields of the import contracts in which the sets differ. */
  differing: z.array(z.string().max(1000)).max(1000),
  /** Samples left out because an activation is NaN or infinite, by the set that they are of. */
  dropped: z.partialRecord(z.enum(['trusted', 'untrusted', 'test']), z.int().positive()),
});
export type Leniency = z.infer<typeof leniencySchema>;

/** A threshold calibrated on held-out trusted samples, above which the aggregate flags, and what it comes to on the test samples. */
const calibratedThresholdSchema = z.object({
  /** The false-positive rate that was wanted. */
  wanted: share,
  /** How many trusted samples it was calibrated on, and how many a threshold for this rate takes. */
  held_out: z.int().nonnegative(),
  needed: z.int().nonnegative(),
  /** Null, with the rates, where there are too few. */
  threshold: z.number().nullable(),
  FPR: share.nullable(),
  TPR: share.nullable(),
});
export type CalibratedThreshold = z.infer<typeof calibratedThresholdSchema>;
export const calibratedThresholdsSchema = z.array(calibratedThresholdSchema).max(100);

/** The layer name of scores aggregated over layers. */
export const allLayers = 'all';

/** The key of eval.json under which the rest is kept; no layer can be named so. */
const reserved = 'evaluation';

const objectSchema = z.record(z.string(), z.unknown());

const aboutSchema = z.looseObject({
  /** Names all that the result depends on: the same evaluation has the same key. */
  key: z.string().exactOptional(),
  detector: pickedSchema.exactOptional(),
  task: pickedSchema.exactOptional(),
  seed: z.number().exactOptional(),
  /** SHA-256 of the data and the model by role. */
  fingerprints: z.record(z.string(), z.string()).exactOptional(),
  /** Set if the anomalous samples are an attack on a model that predicts classes. */
  attack: attackFiguresSchema.exactOptional(),
  classifier: classifierSchema.exactOptional(),
  /** Set if sets of recorded activations differ in their contracts, or samples of them were dropped. */
  leniency: leniencySchema.exactOptional(),
  /** Set if trusted samples were held out. */
  thresholds: calibratedThresholdsSchema.exactOptional(),
});

/** An evaluation: metrics by layer name (`all` for the aggregate), what was evaluated, and how the attack went. */
export interface Evaluation {
  layers: Record<string, LayerMetrics>;
  about: z.infer<typeof aboutSchema>;
}

const evaluationFormat = 1;

/**
 * The content of eval.json: layers at the top level, as the peer library has them, and the rest under `evaluation`.
 * @throws CupbearerError `usage` if a layer has the reserved name.
 */
export function toEvaluationFile({ layers, about }: Evaluation): Record<string, unknown> {
  if (Object.hasOwn(layers, reserved))
    throw new CupbearerError(
      'usage',
      `A layer cannot be named "${reserved}": eval.json keeps other things under this key.`,
    );
  return { ...layers, [reserved]: { ...about, format: evaluationFormat } };
}

/**
 * The inverse of {@link toEvaluationFile}. @throws CupbearerError `bad-data` naming `source` and the first key that is
 * wrong.
 */
export function parseEvaluationFile(content: unknown, source: string): Evaluation {
  const wrong = (what: string) => new CupbearerError('bad-data', `${source} is not an evaluation: ${what}`);
  const file = objectSchema.safeParse(content);
  if (!file.success) throw wrong('expected an object with one entry a layer.');
  const { [reserved]: rest, ...entries } = file.data;
  const about = aboutSchema.safeParse(rest);
  if (!about.success) throw wrong(`${reserved}: ${explainFaults(about.error.issues, rest)}`);
  const { format, ...kept } = about.data;
  if (format !== evaluationFormat)
    throw new CupbearerError(
      'bad-data',
      `${source} has format ${typeof format === 'number' ? format : 'none'}; this version reads format ${evaluationFormat}.`,
      typeof format === 'number' && format > evaluationFormat ? { hint: 'It was written by a newer version.' } : {},
    );
  const names = Object.keys(entries).length;
  if (names > mostLayers) throw wrong(`expected at most ${mostLayers} layers, found ${names}.`);
  const layers = Object.entries(entries).map(([name, entry]) => {
    const metrics = layerMetricsSchema.safeParse(entry);
    if (metrics.success) return [name, metrics.data] as const;
    throw wrong(`${name}: ${explainFaults(metrics.error.issues, entry)}`);
  });
  return { layers: Object.fromEntries(layers), about: kept };
}
