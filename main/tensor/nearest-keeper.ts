import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, ownKernels, runKernel } from './own-kernels.ts';
import { read } from './read.ts';

/** A block of products of queries and references. */
export interface ProductBlock {
  /** Works out the products, `[queries, references]`. */
  products: () => tf.Tensor2D;
  /** Half the squared length of each reference of the block. */
  halves: Float32Array;
  /** Index of the first query, and of the first reference. */
  query: number;
  reference: number;
  /** Whether query i is reference i, and not to be found. */
  leaveOut: boolean;
}

/** No reference is so far from a query's own place. */
const NONE_LEFT_OUT = 2 ** 31 - 1;

/**
 * For each of m queries the k references with the smallest keys (half the reference's squared length less the product, which
 * orders them by distance), found block by block. To be disposed of.
 */
export class NearestKeeper {
  readonly #k: number;
  /** On the engine where it has a kernel for this, else here: keys and indices, each row sorted. */
  readonly #engine: { keys: tf.Tensor2D; indices: tf.Tensor2D } | undefined;
  readonly #keys: Float32Array;
  readonly #indices: Int32Array;

  constructor(m: number, k: number) {
    this.#k = k;
    this.#keys = new Float32Array(m * k).fill(Infinity);
    this.#indices = new Int32Array(m * k);
    if (hasKernel(ownKernels.keepNearest) && m * k > 0)
      this.#engine = { keys: tf.tensor2d(this.#keys, [m, k]), indices: tf.tensor2d(this.#indices, [m, k], 'int32') };
  }

  /** Takes in a block. */
  async add({ products, halves, query, reference, leaveOut }: ProductBlock): Promise<void> {
    const engine = this.#engine;
    if (engine === undefined) {
      const values = await read(products);
      const n = halves.length;
      for (let row = 0; row * n < values.length; row++)
        this.#keep(values.subarray(row * n, (row + 1) * n), halves, reference, query + row, leaveOut);
      return;
    }
    tf.tidy(() => {
      const inputs = { products: products(), halves: tf.tensor1d(halves), ...engine };
      const leftOut = leaveOut ? query - reference : NONE_LEFT_OUT;
      runKernel(ownKernels.keepNearest, inputs, { row: query, start: reference, leftOut });
    });
  }

  /** The indices found, `[m, k]`, those of the smallest keys first. */
  async indices(): Promise<Int32Array> {
    return this.#engine === undefined ? this.#indices : ((await this.#engine.indices.data()) as Int32Array);
  }

  dispose(): void {
    if (this.#engine !== undefined) tf.dispose(this.#engine);
  }

  #keep(values: Float32Array, halves: Float32Array, start: number, query: number, leaveOut: boolean): void {
    const [keys, indices] = [this.#keys, this.#indices];
    const at = query * this.#k;
    const last = at + this.#k - 1;
    let furthest = keys[last]!;
    for (let j = 0; j < values.length; j++) {
      const key = halves[j]! - values[j]!;
      if (!(key < furthest) || (leaveOut && start + j === query)) continue;
      let place = last;
      for (; place > at && keys[place - 1]! > key; place--) {
        keys[place] = keys[place - 1]!;
        indices[place] = indices[place - 1]!;
      }
      keys[place] = key;
      indices[place] = start + j;
      furthest = keys[last]!;
    }
  }
}
