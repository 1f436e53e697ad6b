import type { Batch, Dataset } from '../data/dataset.ts';
import type { PoolingOptions } from './pooling.ts';
import type { Shape } from './modules.ts';
import type { NetworkOutline } from './network-outline.ts';
import type { Network } from './network.ts';

/** What can be known of a model, or of what was recorded of one, before it is asked for any activations. */
export interface SourceOutline {
  /** All activations that it can give. */
  readonly activationNames: readonly string[];
  /** What detectors look at by default. */
  readonly defaultActivations: readonly string[];
  /**
   * Shape of one sample's activation, without the axis of samples; where samples differ in tokens, that of the longest.
   * @throws CupbearerError `usage` with the list of names if there is no such activation.
   */
  activationShape(name: string): Shape;
  /** Whether samples differ in how many tokens they have at this activation. */
  isRagged(name: string): boolean;
  /** Activations whose numbers were stored in 16 bits or fewer; none unless given. */
  readonly halfActivations?: ReadonlySet<string>;
  /** The activation with one number a class, of which the largest is what is predicted; undefined where nothing is. */
  readonly classOutput: string | undefined;
  /** What it tells apart, in the order of its outputs; none where that is not known. */
  readonly classes: readonly string[];
  /** Shape of one input; none where samples have no inputs here. */
  readonly inputShape: Shape;
  /** How many numbers it puts out a sample; undefined where it gives no output. */
  readonly outputWidth: number | undefined;
  /** Whether gradients can be taken through it. */
  readonly isDifferentiable: boolean;
  /** The network itself, where the program has it. */
  readonly network: NetworkOutline | undefined;
}

/** Some samples that a source is asked about. */
export interface AskedSamples {
  dataset: Dataset;
  /** Into the dataset, `[size]`. */
  indices: Int32Array;
  /** The same as the dataset reads them; samples that were only recorded have inputs of no values. */
  batch: Batch;
}

/** What is wanted of them. */
export interface Wanted extends PoolingOptions {
  names: readonly string[];
  logits: boolean;
}

/**
 * Gives activations by layer of samples: a network that runs on their inputs, or files in which they were recorded. The rest of
 * the program knows models only through this.
 */
export interface ActivationSource extends SourceOutline {
  readonly network: Network | undefined;
  /** Whether it waits for files or another process, so that the next samples are asked for while these are worked on. */
  readonly isAwaited: boolean;
  /**
   * Returns the wanted activations, row-major `[size, dims]` after pooling, in the order of their names, and after them the
   * outputs `[size, outputWidth]` if they are wanted. With tokens `each`, the tokens of all samples one after another.
   * @throws CupbearerError `bad-data` if what was recorded cannot be read or lacks a token that is asked for.
   */
  observe(samples: AskedSamples, wanted: Wanted): Promise<Float32Array[]>;
  /** How many tokens each of these samples has at an activation that has tokens, `[size]`. */
  tokenCounts(name: string, samples: Pick<AskedSamples, 'dataset' | 'indices'>): Int32Array;
  /** Most samples that are asked for at once, so that their activations fit into memory. */
  largestBatch(wanted: Wanted): number;
  /** What its activations depend on besides the samples, as JSON; undefined where they are recorded and need not be kept again. */
  identity(): Promise<object | undefined>;
  /** Frees what it holds. */
  dispose(): void;
}
