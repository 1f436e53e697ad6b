import type { z } from 'zod';
import type { Definition } from '../../shared/definition.ts';
import type { AttackAim, Leniency } from '../../shared/domain/evaluation.ts';
import type { Misfit } from '../../shared/misfit.ts';
import type { TaskRole } from '../../shared/training-data.ts';
import type { Dataset, DatasetCache, DatasetKeeper } from '../data/dataset.ts';
import type { ActivationSource, SourceOutline } from '../models/activation-source.ts';
import type { ClassifierData, KnownClassifier } from './classifier.ts';
import type { TaskOffers } from './offers.ts';
import { splitMisfits, splitOffers, type splitParams } from './split-params.ts';
import type { TrainedOn } from './trained-on.ts';

/** Some samples of a dataset, all clean or all anomalous. */
export interface TestPart {
  dataset: Dataset;
  indices: Int32Array;
  anomalous: boolean;
  /** The same samples, by index, before a trigger, an attack or a harmless change, if there was one. */
  original?: Dataset;
  /** The group of the sample at an index of the dataset; samples of a group, such as answers to one prompt, are not independent. */
  groupOf?: (index: number) => number;
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
  /** Through which the samples are seen. */
  source: ActivationSource;
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
  /** What it uses of recorded activations as it is, if there is any such thing. */
  leniency?: Leniency;
}

/** What is known of a task before any data are loaded. */
export interface TaskOutline {
  source: SourceOutline;
  offers: TaskOffers;
}

/** What is known of a task that brings its activations along, by what its files say of themselves. */
export interface Recorded {
  source: SourceOutline;
  /** Test samples, those counted that are not finite. */
  testSize: number;
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
  /** Why there are no anomalous samples to see, or what they are. */
  note?: string;
  /** Frees what the samples are read from. */
  close?: () => void;
}

/** What every task says of itself, whatever its model. */
interface TaskBasics extends Definition {
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
}

/** What a task says of its parameters `P`. */
interface TaskWords<P> {
  /** One line that distinguishes this task from others of its kind: "mnist, corner pixel trigger". */
  describe(params: P): string;
  /** What `build` would depend on besides the params, without loading any data: hashes of the files it names. */
  dependencies(params: P): Record<string, string>;
  build(params: P, context: TaskContext): Promise<Task>;
}

/** What is particular to a task that watches a classifier. */
interface WatchesClassifier<P> {
  /** What of it does not go with the classifier that it watches, be it trained or not; without loading any data, which lie in `dataDir`. */
  misfits?(params: P, classifier: KnownClassifier, dataDir: string): Misfit[];
  /** What its test samples look like. @throws CupbearerError as `build`. */
  preview(params: P, classifier: ClassifierData, context: TaskContext): Promise<TaskPreview>;
}

/** What is particular to a task that brings the activations along, recorded of a model that need not be here. */
interface WatchesRecords<P> {
  /**
   * What was recorded, without reading the activations. @throws CupbearerError for files that cannot be read or do not go together, with
   * the parameter at fault as its detail `parameter`, where one is.
   */
  outline(params: P): Promise<Recorded>;
  /** What its test samples look like. @throws CupbearerError as `build`. */
  preview(params: P, context: TaskContext): Promise<TaskPreview>;
}

type Params = Record<string, unknown>;

export interface TaskDefinition extends TaskBasics, TaskWords<Params> {
  /** What it has for a detector to learn from, by its parameters alone. */
  offers(params: Params): TaskOffers;
  /** Which of its own parameters do not go together. */
  faults(params: Params): Misfit[];
  /** Whether it watches a classifier, by its parameter `run_path`, or brings activations along. */
  readonly watches:
    | ({ readonly what: 'classifier' } & WatchesClassifier<Params>)
    | ({ readonly what: 'records' } & WatchesRecords<Params>);
}

/** What the anomalous samples of a task are called; undefined for one that is not known. */
export function anomalousWord(task: Pick<TaskDefinition, 'anomalous'> | undefined): string {
  return task?.anomalous ?? 'Anomalous';
}

/** What an author writes of a task with the parameters `P`. */
type Declared<P extends z.ZodObject> = Omit<TaskBasics, 'params'> & { params: P } & TaskWords<z.output<P>>;

/**
 * A task that watches a classifier and splits data into trusted, untrusted and test samples. The functions' params have the types of
 * the schema beside them.
 */
export function defineTask<P extends z.ZodObject<typeof splitParams>>(
  declaration: Declared<P> &
    WatchesClassifier<z.output<P>> & {
      /** Whether it has untrusted data; if left out, what is not trusted is. */
      hasUntrusted?(params: z.output<P>): boolean;
    },
): TaskDefinition {
  // The registry hands over only what this very schema has parsed.
  const own = (params: Params) => params as z.output<P>;
  return {
    ...(declaration as TaskBasics & TaskWords<Params>),
    watches: {
      what: 'classifier',
      preview: (params, ...others) => declaration.preview(own(params), ...others),
      misfits: (params, ...others) => declaration.misfits?.(own(params), ...others) ?? [],
    },
    offers: (params) => splitOffers(own(params), declaration.hasUntrusted?.(own(params))),
    faults: (params) => splitMisfits(own(params)),
  };
}

/** A task that brings the activations along. */
export function defineRecordedTask<P extends z.ZodObject>(
  declaration: Declared<P> & WatchesRecords<z.output<P>> & { offers(params: z.output<P>): TaskOffers },
): TaskDefinition {
  const own = (params: Params) => params as z.output<P>;
  return {
    ...(declaration as TaskBasics & TaskWords<Params> & Pick<TaskDefinition, 'offers'>),
    watches: {
      what: 'records',
      outline: (params) => declaration.outline(own(params)),
      preview: (params, context) => declaration.preview(own(params), context),
    },
    faults: () => [],
  };
}
