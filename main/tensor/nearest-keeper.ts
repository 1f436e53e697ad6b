import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, ownKernels, runKernel } from './own-kernels.ts';

/** A block of products of queries and references. */
interface ProductBlock {
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

/** The nearness of what is not to be found, and of what is no number: the lowest float32. */
const NONE = -3.4028234663852886e38;

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
      await this.#merge(products, halves, query, reference, leaveOut);
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

  /** Has the engine find the nearest of the block, which is all that leaves it, and puts them among those kept. */
  async #merge(products: () => tf.Tensor2D, halves: Float32Array, query: number, reference: number, leaveOut: boolean) {
    const k = Math.min(this.#k, halves.length);
    if (k === 0) return;
    const { values: near, indices } = tf.tidy(() => {
      const nearness = tf.sub<tf.Tensor2D>(products(), tf.tensor1d(halves));
      const [rows, columns] = nearness.shape;
      let wanted = tf.greater(nearness, NONE);
      if (leaveOut && query < reference + columns && reference < query + rows) {
        const place = (start: number, count: number) => tf.range(start, start + count, 1, 'int32');
        wanted = tf.logicalAnd(wanted, tf.notEqual(tf.expandDims(place(query, rows), 1), place(reference, columns)));
      }
      return tf.topk(tf.where<tf.Tensor>(wanted, nearness, tf.scalar(NONE)), k);
    });
    const [values, places] = await Promise.all([near.data<'float32'>(), indices.data<'int32'>()]);
    tf.dispose([near, indices]);
    for (let at = 0; at < values.length; at += k)
      for (let i = at; i < at + k && values[i]! > NONE; i++)
        if (!this.#keep(-values[i]!, reference + places[i]!, query + at / k)) break;
  }

  /** Puts a reference among those kept of a query, unless they are all as near. */
  #keep(key: number, index: number, query: number): boolean {
    const [keys, indices] = [this.#keys, this.#indices];
    const first = query * this.#k;
    let place = first + this.#k - 1;
    if (!(key < keys[place]!)) return false;
    for (; place > first && keys[place - 1]! > key; place--) {
      keys[place] = keys[place - 1]!;
      indices[place] = indices[place - 1]!;
    }
    keys[place] = key;
    indices[place] = index;
    return true;
  }
}
