import { z } from 'zod';
import { networkSchema } from './draft.ts';
import { runSummarySchema } from './live.ts';
import { sampleSetSchema } from './samples.ts';

/** What is known about a dataset, and which part of it is on disk. */
export const datasetSummarySchema = z.object({
  name: z.string(),
  title: z.string(),
  summary: z.string(),
  /** `built-in` needs no files, `own` are the user's imports; `incomplete` has some of its files. */
  state: z.enum(['built-in', 'own', 'present', 'incomplete', 'missing']),
  folder: z.string().nullable(),
  bytes: z.number(),
  samples: z.object({ train: z.number(), test: z.number() }),
  classes: z.number().nullable(),
  shape: z.array(z.number()).nullable(),
  downloadBytes: z.number().nullable(),
  homepage: z.string().nullable(),
  licence: z.string().nullable(),
  citation: z.string().nullable(),
  /** Files that the program cannot download: a person gets them from the homepage and unpacks them into the folder. */
  byHand: z.array(z.string()).nullable(),
  files: z.array(
    z.object({ name: z.string(), present: z.boolean(), bytes: z.number(), sha256: z.string().nullable() }),
  ),
  /** What picks it in a spec: `{ name: 'image-folder', path: … }`. */
  pick: z.looseObject({ name: z.string() }),
});
export type DatasetSummary = z.infer<typeof datasetSummarySchema>;

/** How far a download is; the last one has `finished`. */
export const downloadStateSchema = z.object({
  done: z.number(),
  total: z.number(),
  file: z.string(),
  finished: z.boolean(),
});
export type DownloadState = z.infer<typeof downloadStateSchema>;

/** How far an import is: files that were copied of `total` (0 if that is not known), and at last the dataset. */
export const importStateSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), phase: z.string(), done: z.number(), total: z.number() }),
  z.object({
    type: z.literal('done'),
    dataset: datasetSummarySchema,
    /** What in the folder is not part of the dataset, in a sentence. */
    leftOut: z.string().nullable(),
  }),
]);
export type ImportState = z.infer<typeof importStateSchema>;

/** Samples of each class, by split. */
export const classCountsSchema = z.object({
  classes: z.array(z.string()),
  train: z.array(z.number()),
  test: z.array(z.number()),
});

/** A trained or imported model. */
export const modelSummarySchema = z.object({
  run: runSummarySchema,
  imported: z.boolean(),
  /** Whether its training data are known; otherwise no task can use it. */
  isTrainingKnown: z.boolean(),
  /** What is to be said of classes that are not matched with those of its data by name. */
  classesNote: z.string().nullable(),
  /** What is done to inputs before it sees them, in words; empty if nothing is. */
  preprocessing: z.array(z.string()),
  network: networkSchema.nullable(),
  /** Ids of the runs that use it. */
  usedBy: z.array(z.string()),
});
export type ModelSummary = z.infer<typeof modelSummarySchema>;

/** How a model does on labelled data. */
export const modelCheckSchema = z.object({
  /** Samples of the test half, and the share of them that the model takes for what they are. */
  count: z.int(),
  accuracy: z.number(),
  /** The share of the most frequent class: what guessing it would reach. */
  largestClass: z.number(),
  /** Its pre-processing in words. */
  words: z.string(),
  /** So many of the samples were also tried with other pre-processing, best first. */
  tried: z.int(),
  triedAccuracy: z.number(),
  others: z.array(z.object({ words: z.string(), accuracy: z.number() })),
  /** Some samples, `changed` as the model takes them, with the classes that it takes them for. */
  samples: sampleSetSchema,
});
export type ModelCheck = z.infer<typeof modelCheckSchema>;
