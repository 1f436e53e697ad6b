import { z } from 'zod';
import { errorCodes } from '../errors.ts';
import { jsonObject, pathText } from '../schema/outside.ts';

/** Most characters in the name of a model. */
export const mostNameCharacters = 100;

/** What a run produces. */
export const runKinds = ['classifier', 'detector', 'evaluation'] as const;
export type RunKind = (typeof runKinds)[number];

/**
 * The status of a run. `cancelled`: the user stopped it. `interrupted`: its process ended without reporting, found at a
 * later start.
 */
export const runStatuses = ['queued', 'running', 'done', 'failed', 'cancelled', 'interrupted'] as const;
export type RunStatus = (typeof runStatuses)[number];

/** The version of `spec.json` and `run.json` that this program writes, and the newest it reads. */
export const runFolderFormat = 1;

const time = z.iso.datetime({ offset: true });

/** A {@link import('../wording.ts').Wording}. */
const wordingSchema = z
  .array(
    z.union([
      z.string(),
      z.object({ parameter: z.array(z.string()).readonly() }),
      z.object({ command: z.string(), inWindow: z.string().exactOptional() }),
    ]),
  )
  .readonly();

/** An {@link import('../errors.ts').ErrorRecord} read from a file or from the catalogue. */
export const errorRecordSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  hint: z.string().exactOptional(),
  remedy: wordingSchema.exactOptional(),
  details: jsonObject.exactOptional(),
  stack: z.string().exactOptional(),
});

/**
 * What an engine did of a run: `run`, its beginning; `resumed`, what came after it was gone on with; `evaluation`, one
 * that was computed into its folder later.
 */
const enginePartSchema = z.object({
  engine: z.string(),
  part: z.enum(['run', 'resumed', 'evaluation']),
  started_at: time,
});
export type EnginePart = z.infer<typeof enginePartSchema>;

/** One row of the catalogue, and the content of `run.json` in the run's folder. */
export const runRecordSchema = z.object({
  /** Sortable by time of creation: `20261123-203311-k3f9` (UTC). */
  id: z.string().regex(/^[0-9a-z-]+$/, 'must be lower-case letters, digits and dashes.'),
  kind: z.enum(runKinds),
  status: z.enum(runStatuses),
  title: z.string(),
  /** Absolute path. */
  folder: pathText,
  /** All that is needed to repeat the run. */
  spec: jsonObject,
  /** Ids of the runs whose results this one uses, in order. */
  parents: z.array(z.string()),
  /** Headline numbers (`auroc`, `auroc_lower`, `clean_accuracy`, …); null if one could not be computed. */
  metrics: z.record(z.string(), z.number().nullable()),
  /** Milliseconds by phase. */
  timings: z.record(z.string(), z.number()),
  /** The engine that computed the run; the last one if it was resumed on another. */
  engine: z.string().nullable(),
  /** What each engine did, in order, if more than one took part. Empty or left out if one did everything. */
  engine_parts: z.array(enginePartSchema).exactOptional(),
  /** If `auto` chose the engine: why it did not pick those that it prefers, by id. */
  engines_passed_over: z.record(z.string(), z.string()).exactOptional(),
  versions: z.record(z.string(), z.string()),
  /** Names the test data that was evaluated on: runs that share it can be compared sample by sample. */
  test_data: z.string().exactOptional(),
  error: errorRecordSchema.nullable(),
  created_at: time,
  started_at: time.nullable(),
  ended_at: time.nullable(),
  /** The process that does the work, with what distinguishes it from a later process with the same number. */
  host_pid: z.int().nullable(),
  host_started: z.string().nullable(),
  tags: z.array(z.string().min(1)),
  notes: z.string(),
  pinned: z.boolean(),
  archived: z.boolean(),
  /** Whether it is refused to delete the run; left out if it is not. */
  locked: z.boolean().exactOptional(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** The part of a run that may change after its creation. */
export type RunPatch = Partial<Omit<RunRecord, 'id' | 'kind' | 'created_at'>>;

/** The content of `spec.json`: what was asked for, and what the answer depends on. */
export const specFileSchema = z.object({
  format: z.literal(runFolderFormat),
  kind: z.enum(runKinds),
  spec: jsonObject,
  seed: z.int().nonnegative(),
  engine: z.string().nullable(),
  versions: z.record(z.string(), z.string()),
  /** SHA-256 (hex) of the data, models and detectors that went in, by name. */
  fingerprints: z.record(z.string(), z.string()),
  parents: z.array(z.string()),
  created_at: time,
  /** Where datasets were looked for, absolute; a training that is resumed looks there again. */
  data_dir: z.string().min(1).exactOptional(),
  /**
   * Batch sizes that a training had before it was resumed with smaller ones, in order; `steps` in metrics.jsonl tell
   * when.
   */
  earlier_batch_sizes: z.array(z.int().positive()).exactOptional(),
  /** The command line that started the run, for people. */
  command: z.string().exactOptional(),
});
export type SpecFile = z.infer<typeof specFileSchema>;
