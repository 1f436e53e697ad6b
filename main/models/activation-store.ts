import type { EngineInfo } from '../../shared/domain/engine.ts';
import type { Dataset } from '../data/dataset.ts';
import type { ActivationCache, CachedArray, CachingArray } from '../storage/activation-cache.ts';
import { hashBytes, hashJson } from '../storage/content-hash.ts';
import { bytesOf } from '../storage/element-type.ts';
import type { KeptShape } from '../storage/kept-array.ts';
import { codeVersion } from '../tensor/code-version.ts';
import type { ActivationSource } from './activation-source.ts';

/** What one pass over a dataset depends on besides the network: its samples in their order, cut into batches. */
export interface PassOver {
  dataset: Dataset;
  order: Int32Array;
  batchSize: number;
}

/** What is kept of a pass: an activation as it was pooled, the logits, or the samples' labels. */
export interface KeptPart {
  what: { layer: string; pooled: string } | 'logits' | 'labels';
  /** Numbers a sample. */
  width: number;
}

/** The cache that a run uses, and how many samples of its passes were found there or run through the network. */
export interface KeptActivations {
  readonly cache: ActivationCache;
  readonly counts: { found: number; computed: number };
}

/**
 * What a model makes of data, kept for other passes of this process and others. The key of each part is a hash over all that its
 * bits depend on: weights and architecture, the samples and how they are cut into batches, what is done to an activation
 * before it is kept, the engine with its device and versions, and the code that computes. The batches count
 * although a sample's activations do not depend on its neighbours: engines may add up in another order in a batch of another size.
 */
export class ActivationStore {
  readonly #kept: KeptActivations;
  readonly #model: object;

  private constructor(kept: KeptActivations, model: object) {
    this.#kept = kept;
    this.#model = model;
  }

  /**
   * The store for a source that does not change as long as it is used; undefined for one whose activations are recorded already. Its
   * passes are counted.
   */
  static async of(
    kept: KeptActivations,
    source: ActivationSource,
    engine: EngineInfo,
  ): Promise<ActivationStore | undefined> {
    const identity = await source.identity();
    if (identity === undefined) return undefined;
    const { id, device, versions, threads, threadsKeepBits } = engine;
    return new ActivationStore(kept, {
      engine: { id, device, versions, threads: threadsKeepBits ? undefined : threads },
      ...identity,
    });
  }

  /** Takes down samples of a pass that were found, or run through the network. */
  count(samples: number, areComputed: boolean): void {
    this.#kept.counts[areComputed ? 'computed' : 'found'] += samples;
  }

  /** Returns where the parts of a pass are. */
  pass({ dataset, order, batchSize }: PassOver): PassStore {
    const samples = {
      code: codeVersion(),
      data: dataset.fingerprint,
      order: hashBytes(bytesOf(order)),
      batchSize,
    };
    const keyOf = ({ what }: KeptPart) => hashJson({ ...samples, what, ...(what === 'labels' ? {} : this.#model) });
    const shapeOf = ({ what, width }: KeptPart): KeptShape => ({
      rows: order.length,
      width,
      blockRows: batchSize,
      type: what === 'labels' ? 'int32' : 'float32',
    });
    return {
      find: (part) => this.#kept.cache.find(keyOf(part), shapeOf(part)),
      create: (part) => this.#kept.cache.create(keyOf(part), shapeOf(part)),
    };
  }
}

/** Where the parts of one pass are, each in blocks that are the batches of the pass. */
interface PassStore {
  find(part: KeptPart): CachedArray | undefined;
  create(part: KeptPart): CachingArray | undefined;
}
