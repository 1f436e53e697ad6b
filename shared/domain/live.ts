import { z } from 'zod';
import { errorRecordSchema, runKinds, runStatuses } from './run.ts';
import { usualAccuracySchema } from './usual-accuracy.ts';

/**
 * A trigger in the words of a list: its id, and where another one of its kind stands beside it, what differs from that.
 */
const triggerWordsSchema = z.object({ id: z.string(), detail: z.string() });
export type TriggerWords = z.infer<typeof triggerWordsSchema>;

/** Facts about a task or a training that the window words itself. */
const subjectSchema = z.object({
  /** What the classifier has learned from; `unknown` if it is not stated or the classifier's run is gone. */
  training: z.enum(['clean', 'poisoned', 'unknown']),
  /** The trigger in the training data. */
  trained: triggerWordsSchema.nullable(),
  /** The trigger of the task's anomalous samples; null if they carry none, and for a classifier. */
  tested: triggerWordsSchema.nullable(),
  /** Id of the change to the normal test samples; "" if there is none. */
  change: z.string(),
  /** What else distinguishes the task: "PGD, radius 0.031". */
  words: z.string(),
});

/** A parameter that is not at its default, as people read it. */
const detailSchema = z.object({ label: z.string(), value: z.string() });
export type RunDetailWords = z.infer<typeof detailSchema>;

/** A row of the table of runs: what lists, filters and the palette need, and no more. */
export const runSummarySchema = z.object({
  id: z.string(),
  kind: z.enum(runKinds),
  status: z.enum(runStatuses),
  title: z.string(),
  folder: z.string(),
  /** "backdoor" and what distinguishes it from others: "corner, mnist"; "" for a classifier without one. */
  task: z.string(),
  /** As filters look through it. */
  taskDetail: z.string(),
  subject: subjectSchema,
  /** Id, and what the user calls it; "" for data that are not the user's own. */
  dataset: z.string(),
  ownDataset: z.string(),
  /** Id, or "" for a classifier; with what differs from its defaults. */
  detector: z.string(),
  detectorDetail: z.string(),
  model: z.string(),
  /** The name given to a classifier; "" if it has none. */
  name: z.string(),
  /** What the words above leave out and is not at its default. What a run builds on says its own. */
  details: z.array(detailSchema),
  /** `auroc`, `auroc_lower`, `auroc_upper`, `ap`, `tpr_at_fpr_1`, `clean_accuracy`, `attack_success`. */
  metrics: z.record(z.string(), z.number().nullable()),
  durationMs: z.number().nullable(),
  createdAt: z.string(),
  endedAt: z.string().nullable(),
  seed: z.number(),
  /** The seed of the classifier that it builds on, or is; null if it is not known. */
  modelSeed: z.number().nullable(),
  /** Runs with the same setting differ in seeds only. */
  setting: z.string(),
  /** Ids of the experiments whose cells it fills. */
  experiments: z.array(z.string()),
  /** Engines that computed it, in order; none before it started. */
  engines: z.array(z.string()),
  /** Identifies the test data: runs that share it can be compared sample by sample. null if unknown. */
  testData: z.string().nullable(),
  /** What classifiers like its own usually reach, if that was published. */
  usualAccuracy: usualAccuracySchema.exactOptional(),
  parents: z.array(z.string()),
  error: errorRecordSchema.pick({ code: true, message: true, hint: true, details: true }).nullable(),
  tags: z.array(z.string()),
  notes: z.string(),
  pinned: z.boolean(),
  archived: z.boolean(),
  /** Whether it is refused to delete it. */
  locked: z.boolean(),
  /** Whether `runs.resume` can resume it. */
  resumable: z.boolean(),
  /**
   * Why its row or its spec cannot be read in full; what can be read is filled in. null for all but damaged or foreign
   * runs.
   */
  fault: z.string().nullable(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

/** How far a running or waiting run is. */
const liveStateSchema = z.object({
  id: z.string(),
  /** "Training"; "" before the first. */
  phase: z.string(),
  done: z.number(),
  total: z.number(),
  note: z.string().nullable(),
  /** Of the phase, measured; null until a rate is known. */
  remainingMs: z.number().nullable(),
  /** 1 = next to start; null once it runs. */
  queuePosition: z.number().nullable(),
  /** The run whose result it needs first. */
  waitsFor: z.string().nullable(),
});
export type LiveState = z.infer<typeof liveStateSchema>;

/** What `runs.watch` yields: first all runs in one or more parts, then every change. */
export const catalogueEventSchema = z.discriminatedUnion('type', [
  /** New or changed runs. `complete` is false while parts of the first account are missing. */
  z.object({ type: z.literal('runs'), runs: z.array(runSummarySchema), complete: z.boolean() }),
  z.object({ type: z.literal('removed'), ids: z.array(z.string()) }),
  /** All unfinished runs of this host, at most ten times a second. */
  z.object({ type: z.literal('live'), live: z.array(liveStateSchema) }),
  z.object({ type: z.literal('notice'), message: z.string() }),
]);
export type CatalogueEvent = z.infer<typeof catalogueEventSchema>;

export const logLineSchema = z.object({ time: z.string(), message: z.string() });
export type LogLine = z.infer<typeof logLineSchema>;

/** One epoch of training, as a line of metrics.jsonl has it. */
export const epochSchema = z.object({
  epoch: z.number(),
  steps: z.number(),
  loss: z.number(),
  accuracy: z.number(),
  ms: z.number(),
  validation: z.record(
    z.string(),
    z.looseObject({ samples: z.number(), accuracy: z.number(), attack_success: z.number().nullable().exactOptional() }),
  ),
});
export type Epoch = z.infer<typeof epochSchema>;

/** The loss of some steps of training, as a line of steps.jsonl has it. */
export const stepSchema = z.object({
  /** The last of them, counted from 1. */
  step: z.number(),
  /** Position in the training: 1.5 in the middle of the second epoch. */
  epoch: z.number(),
  /** Their mean loss. */
  loss: z.number(),
});
export type Step = z.infer<typeof stepSchema>;

/** What `runs.follow` yields about one run: first what exists, then what is added, until it ends. */
export const runEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('epochs'), epochs: z.array(epochSchema) }),
  z.object({ type: z.literal('steps'), steps: z.array(stepSchema) }),
  z.object({ type: z.literal('log'), lines: z.array(logLineSchema) }),
]);
export type RunNews = z.infer<typeof runEventSchema>;
