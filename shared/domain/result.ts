import { z } from 'zod';
import { analysisSchema } from './analysis.ts';
import { attackFiguresSchema, calibratedThresholdsSchema, layerMetricsSchema } from './evaluation.ts';
import { networkSchema, specLineSchema } from './draft.ts';
import { runRecordSchema, specFileSchema } from './run.ts';
import { runSummarySchema } from './live.ts';
import { suspicionSchema } from './suspicion.ts';
import { namedPoolings, tokenPoolingSchema } from '../scores/token-pooling.ts';

const packed = z.instanceof(Blob);

/** A run with everything that its page shows at first. */
export const runDetailSchema = z.object({
  record: runRecordSchema.omit({ host_pid: true, host_started: true }),
  summary: runSummarySchema,
  /** null if the folder is gone or spec.json cannot be read. */
  spec: specFileSchema.nullable(),
  /** Why spec.json cannot be read, or what is invalid in it. */
  specFault: z.string().nullable(),
  /** The spec; the catalogue's copy if the file cannot be read. */
  lines: z.array(specLineSchema),
  /** The command line that repeats it; null if there is none, with the reason. */
  command: z.string().nullable(),
  noCommand: z.string().nullable(),
  /** Whether the folder is still there, and its files. */
  folderExists: z.boolean(),
  files: z.array(z.object({ name: z.string(), bytes: z.number() })),
  /** Runs that build on it. */
  children: z.array(z.string()),
  /** Of the model that it trained or looks at. */
  network: networkSchema.nullable(),
});
export type RunDetail = z.infer<typeof runDetailSchema>;

/** What this task's samples are called. */
const wordsSchema = z.object({
  /** "Images", "Texts", "Samples". */
  samples: z.string(),
  /** "Triggered", "Adversarial", "Anomalous". */
  anomalous: z.string(),
  /** "Mahalanobis distance: score". */
  score: z.string(),
});

/** The result of an evaluation. */
const runResultSchema = z.object({
  /** By layer, and `all`. */
  layers: z.record(z.string(), layerMetricsSchema),
  /** The layer that its sentence speaks of. */
  headline: z.string(),
  /** What was found, one or two sentences; `**` marks what the eye should land on. */
  sentence: z.string(),
  /** What must be known before it is believed, gravest first. */
  doubts: z.array(suspicionSchema),
  /** Thresholds calibrated on held-out trusted samples; null where none were held out. */
  thresholds: calibratedThresholdsSchema.nullable(),
  /** How the attack went that was to be found; null if the anomalous samples are none, or no classes are predicted. */
  attack: attackFiguresSchema.nullable(),
  words: wordsSchema,
  aggregation: z.string(),
  analysis: analysisSchema.nullable(),
});
export type RunResult = z.infer<typeof runResultSchema>;

/** The result of an evaluation whose tokens can be put together in several ways. */
export const shownResultSchema = runResultSchema.extend({
  /** How the scores of tokens can be put together, where each was scored on its own: AUROC by layer and pooling. */
  poolings: z
    .object({
      own: tokenPoolingSchema,
      shown: tokenPoolingSchema,
      auroc: z.partialRecord(z.enum(namedPoolings), z.record(z.string(), z.number())),
    })
    .nullable(),
});
export type ShownResult = z.infer<typeof shownResultSchema>;

/**
 * Scores of every test sample as packed arrays: `layer/<name>` float32 `[n]` for each of `layers` (with `all`),
 * `labels` uint8 (1 = anomalous), `sample_index` int32, and, if known, `true_class` and `predicted_class` int32.
 */
export const scoreSetSchema = z.object({
  layers: z.array(z.string()),
  classes: z.array(z.string()).nullable(),
  arrays: packed,
});

/** Activations in the plane: `positions` int32 `[m]` (places in the score arrays), `points` float32 `[m, 2]`. */
export const planeSchema = z.object({ layer: z.string(), arrays: packed });
