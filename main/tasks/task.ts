import type { z } from 'zod';
import type { Definition } from '../../shared/definition.ts';
import type { AttackAim } from '../../shared/domain/evaluation.ts';
import type { Misfit } from '../../shared/misfit.ts';
import type { TaskRole } from '../../shared/training-data.ts';
import type { Dataset, DatasetCache, DatasetKeeper } from '../data/dataset.ts';
import type { Network } from '../models/network.ts';
import type { NetworkOutline } from '../models/network-outline.ts';
import type { ClassifierData, KnownClassifier } from './classifier.ts';
import type { TrainedOn } from './trained-on.ts';

/** Some samples of a dataset, all clean or all anomalous. */
export interface TestPart {
  dataset: Dataset;
  indices: Int32Array;
  anomalous: boolean;
  /** The same samples, by index, before a trigger, an attack or a harmless change, if there was one. */
  original?: Dataset;
}

/** Some samples of a dataset. */
export interface DataPart {
  dataset: Dataset;
  indices: Int32Array;
}

/** Clean samples beside what was made of them, both `[count, ...shape]`, for people to look at. */
export interface ExamplePairs {
  shape: readonly number[];
  count: number;
  /** The meaning of a text's tokens; only texts have one. */
  vocabulary?: readonly string[] | undefined;
  clean: Float32Array;
  anomalous: Float32Array;
}

/** A model, data known to be clean, and test data in which the detector must find the anomalous part. */
export interface Task {
  network: Network;
  trusted: DataPart;
  /** Samples drawn like the trusted ones that nothing learns from, for thresholds; none where all are used. */
  spare?: DataPart;
  /**
   * Data that may hold anomalies, where the task has any; `anomalous` (1, `[n]`) where it tells detectors which they
   * are. `truth` is the same for those who only count them.
   */
  untrusted?: DataPart & { anomalous?: Uint8Array; truth?: Uint8Array };
  /** As drawn: equal samples are left out only when a detector is fitted or tested. */
  test: readonly TestPart[];
  /** Run folders that the task was built from. */
  parents: readonly string[];
  /** SHA-256 of each model and dataset that took part, by role. */
  fingerprints: Record<string, string>;
}

/** What a task has for a detector to learn from; what can be read off its network is the outline's. */
export interface TaskOffers {
  trusted: boolean;
  untrusted: boolean;
  /** Labels saying which untrusted samples are anomalous. */
  anomalyLabels: boolean;
}

/** What is known of a task before any data are loaded. */
export interface TaskOutline {
  network: NetworkOutline;
  offers: TaskOffers;
}

/** What a task that was built offers. */
export function offersOf({ trusted, untrusted }: Task): TaskOffers {
  return {
    trusted: trusted.indices.length > 0,
    untrusted: untrusted !== undefined,
    anomalyLabels: untrusted?.anomalous !== undefined,
  };
}

export interface TaskContext {
  dataDir: string;
  signal?: AbortSignal;
  progress?: (done: number, total: number) => void;
  cache?: DatasetCache;
  keeper?: DatasetKeeper;
  warn?: (message: string) => void;
}

/** Samples of the test data for people to look at; needs no model that is not there. */
export interface TaskPreview {
  /** Samples as they are. */
  clean: Dataset;
  /** The normal test samples if they are not `clean` itself: the same samples, changed harmlessly. */
  normal?: Dataset;
  /**
   * The anomalous samples; a function of indices where each has to be computed, for which an engine must be started.
   */
  changed?: Dataset | ((indices: Int32Array) => Promise<Dataset>);
  /** Sample i of `changed` has nothing to do with sample i of `clean`. */
  isUnpaired?: true;
  /** Why there are no anomalous samples to see. */
  note?: string;
}

export interface TaskDefinition extends Definition {
  /** The classifiers for which people start with this task, of all tasks that suit them. */
  readonly proposedFor?: TaskRole['proposedFor'];
  /** The only dataset that its classifier may be trained on, if there is just one. */
  readonly trainedOn?: TrainedOn;
  /** What the attacker can do, and what the defender has and knows: sentences for reports. */
  readonly threat: string;
  /** What its anomalous samples are called: "Triggered"; {@link anomalousWord} always returns a word. */
  readonly anomalous?: string;
  /** What its normal test samples are called if they are not clean: "Changed harmlessly". */
  readonly normal?: string;
  /** What its anomalous samples should make the model do, if they are an attack. */
  readonly aim?: AttackAim;
  /** One line that distinguishes this task from others of its kind: "mnist, corner pixel trigger". */
  describe(params: Record<string, unknown>): string;
  /** What `build` would depend on besides the params, without loading any data: hashes of the files it names. */
  dependencies(params: Record<string, unknown>): Record<string, string>;
  /** Whether it has untrusted data; if left out, what is not trusted is. */
  hasUntrusted?(params: Record<string, unknown>): boolean;
  /** What of it does not go with the classifier that it watches, be it trained or not; without loading any data, which lie in `dataDir`. */
  misfits?(params: Record<string, unknown>, classifier: KnownClassifier, dataDir: string): Misfit[];
  build(params: Record<string, unknown>, context: TaskContext): Promise<Task>;
  /** What its test samples look like. @throws CupbearerError as `build`. */
  preview(params: Record<string, unknown>, classifier: ClassifierData, context: TaskContext): Promise<TaskPreview>;
}

/** What the anomalous samples of a task are called; undefined for one that is not known. */
export function anomalousWord(task: Pick<TaskDefinition, 'anomalous'> | undefined): string {
  return task?.anomalous ?? 'Anomalous';
}

/** Types the functions' params from the schema beside them. */
export function defineTask<P extends z.ZodObject>(
  definition: Omit<
    TaskDefinition,
    'params' | 'describe' | 'dependencies' | 'hasUntrusted' | 'misfits' | 'build' | 'preview'
  > & {
    params: P;
    describe(params: z.output<P>): string;
    dependencies(params: z.output<P>): Record<string, string>;
    hasUntrusted?(params: z.output<P>): boolean;
    misfits?(params: z.output<P>, classifier: KnownClassifier, dataDir: string): Misfit[];
    build(params: z.output<P>, context: TaskContext): Promise<Task>;
    preview(params: z.output<P>, classifier: ClassifierData, context: TaskContext): Promise<TaskPreview>;
  },
): TaskDefinition {
  // The registry hands over only what this very schema has parsed.
  return definition;
}
