import type { UsualAccuracy } from '../../shared/domain/usual-accuracy.ts';
import type { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import type { PoisonKeys } from '../../shared/training-data.ts';
import type { Definition } from '../../shared/definition.ts';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import type { ByteFile } from '../storage/byte-file.ts';

/**
 * Samples read together: `inputs` is `[size, ...shape]` row-major (images NHWC, values 0 to 1; texts `[size, length]`,
 * each value the whole number of a token in the vocabulary), `labels` is `[size]`.
 */
export interface Batch {
  inputs: Float32Array;
  labels: Int32Array;
  size: number;
}

/** What is known of a dataset's samples without looking at any. */
export interface DatasetFacts {
  /** Shape of one sample, images as `[height, width, channels]`, texts as `[length]`. */
  readonly shape: readonly number[];
  /** The meaning of a text's tokens, by their numbers; only texts have one. */
  readonly vocabulary?: readonly string[];
  readonly classes: readonly string[];
  /** Samples of each half; left out if they are not known or are in `builtIn`. */
  readonly counts?: { readonly train: number; readonly test: number };
}

/**
 * Labelled samples by index. What a sample looks like is a function of (the dataset's spec, epoch, index) alone, so
 * neither batch size nor order changes the data. Datasets without randomness ignore `epoch`.
 */
export interface Dataset extends DatasetFacts {
  readonly length: number;
  /** Bytes that it keeps in memory together with the datasets it is made of. */
  readonly memory: number;
  /** SHA-256 (hex) over everything that determines the samples: files, split, transforms and their seeds. */
  readonly fingerprint: string;
  /** A new batch that the caller may change. @throws CupbearerError `internal` for an index outside 0 to length - 1. */
  read(indices: ArrayLike<number>, epoch: number): Batch;
  /** Returns the same samples without random changes; absent where there are none. */
  readonly originals?: () => Dataset;
  /** What a person should know of it and that stops nothing: what was left out. */
  readonly notes?: readonly string[];
  /** Samples of each class, where that is known without reading any. */
  readonly classCounts?: () => Int32Array;
  /** A number for each sample, the same for equal contents; only samples without inputs have it. */
  readonly contentKeys?: (indices: Int32Array) => Float64Array;
  /** What people read of samples that have no inputs. @throws CupbearerError as `read`. */
  readonly texts?: (indices: ArrayLike<number>) => string[];
  /** What else is known of the samples, a row each. */
  readonly metadata?: SampleMetadata | undefined;
  /** The recipe for the same dataset in another thread (`recipes.ts`); absent if only this thread can read it. */
  readonly recipe?: () => DatasetRecipe;
}

/** A cell. Lists are tokens; what else is nested is given as JSON text. */
export type MetadataValue = string | number | boolean | null | readonly (string | number)[];

/** A table with a row for each sample of a dataset. */
export interface SampleMetadata {
  readonly columns: readonly string[];
  /** @throws CupbearerError `bad-data` if the file has changed, `storage`. */
  rows(indices: ArrayLike<number>): Readonly<Record<string, MetadataValue>>[];
}

/** A function that makes a dataset, by name, and its arguments, all of which can be sent to another thread. */
export interface DatasetRecipe {
  readonly kind: string;
  readonly args: readonly unknown[];
}

/** Makes a dataset of its recipe. */
export type FromRecipe = (recipe: DatasetRecipe) => Dataset;

/** Makes the datasets of one kind of recipe. */
export interface RecipeMaker {
  readonly kind: string;
  /**
   * Returns the dataset whose recipe has the arguments `args`, bit for bit. `fromRecipe` makes those that it is made
   * of.
   */
  revive(args: readonly unknown[], fromRecipe: FromRecipe): Dataset;
}

/** An attack that makes samples hard to classify for a model trained earlier; values are from 0 to 1. */
export interface AttackRequest {
  /** Run folder of the model. */
  readonly runPath: string;
  readonly dataset: Dataset;
  readonly indices: Int32Array;
  /** Largest change of a value, size of a step, and how many steps. */
  readonly eps: number;
  readonly stepSize: number;
  readonly steps: number;
  readonly seed: number;
}

/** Keeps datasets for the next request. */
export interface DatasetCache {
  /** Resolves with the dataset that `load` returns for `key`, loading it once. A failed load is tried again. */
  get(key: unknown, load: () => Promise<Dataset>): Promise<Dataset>;
}

/** Keeps datasets as they lie on disk, or as they are drawn, for the next run of this process. */
export interface DatasetKeeper {
  /** Resolves with the dataset that `load` returns for `key`, loading it again only if one of `files` has changed. */
  get(key: readonly unknown[], files: readonly string[], load: () => Promise<Dataset>): Promise<Dataset>;
}

/** What a dataset definition may use while it loads. */
export interface DatasetContext {
  /** Folder with one sub-folder a dataset, see `docs/file-formats.md`. */
  readonly dataDir: string;
  /** The run's seed; a dataset with randomness derives its streams from it. */
  readonly seed: number;
  /** What a trigger stored with an earlier model (WaNet's field), so that a poisoned dataset applies the same one. */
  readonly triggerState?: TensorMap;
  readonly signal?: AbortSignal;
  readonly progress?: (done: number, total: number) => void;
  /**
   * Changed inputs, `[n, ...shape]` of float32, and the SHA-256 of the model; for clean-label poisoning. Given where
   * models can run, which this folder knows nothing of.
   */
  readonly attack?: (request: AttackRequest) => Promise<{ inputs: ByteFile; model: string }>;
  readonly cache?: DatasetCache;
  readonly keeper?: DatasetKeeper;
  /** Takes a sentence about something that the user should know and that stops nothing. */
  readonly warn?: (message: string) => void;
}

/**
 * A kind of dataset; `load` reads or generates it (images as 8 bits a value) and may take seconds. What decodes or
 * reads is imported when `load` is called: the host knows all definitions and must load none of that.
 */
export interface DatasetDefinition extends Definition {
  /** What classifiers trained on all of it reach on its test half, by the id of their architecture. */
  readonly usualAccuracy?: Readonly<Record<string, UsualAccuracy>>;
  /** Samples of each half if the program draws them itself and needs no files. */
  readonly builtIn?: { readonly train: number; readonly test: number };
  /** Set if it is another dataset with a trigger. */
  readonly poisons?: PoisonKeys;
  /** Files that the user must get from their publisher and unpack into the dataset's folder. */
  readonly byHand?: { readonly files: readonly string[]; readonly homepage: string };
  /**
   * `dataDir` as in {@link DatasetContext}. @throws CupbearerError if folders that the parameters name cannot be read.
   */
  facts(params: never, dataDir: string): DatasetFacts;
  load(params: never, context: DatasetContext): Promise<Dataset>;
}

/**
 * Declares a dataset; `load` receives the parameters in the types of the schema. A dataset without samples is refused
 * here, for all who load one: means over none of them are NaN, and shares of none would be shown as 0 %.
 */
export function defineDataset<P extends z.ZodObject>(
  definition: Omit<DatasetDefinition, 'params' | 'facts' | 'load'> & {
    readonly params: P;
    facts(params: z.output<P>, dataDir: string): DatasetFacts;
    load(params: z.output<P>, context: DatasetContext): Promise<Dataset>;
  },
): DatasetDefinition {
  return {
    ...definition,
    async load(params: z.output<P>, context) {
      const dataset = await definition.load(params, context);
      if (dataset.length === 0) throw withoutSamples(definition.id, params);
      return dataset;
    },
  };
}

function withoutSamples(id: string, params: { train?: unknown }): CupbearerError {
  const half = typeof params.train === 'boolean' ? ` ${params.train ? 'training' : 'test'}` : '';
  return new CupbearerError('bad-data', `The dataset "${id}": expected at least one${half} sample, found none.`, {
    hint: 'Look whether its files list any, and whether these can be read.',
  });
}
