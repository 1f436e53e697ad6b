import * as tf from '@tensorflow/tfjs-core';

/** How many rows were seen, and their mean [d]; zero before the first. */
export interface RunningMean {
  count: number;
  readonly mean: Float64Array;
}

/** Sum of (x - mean)(x - mean)^T over rows that come in batches, [d, d] in float64; it stays where it is worked out. */
export interface Comoment {
  /** Adds the first `n` rows of `x` [n, d], which come after those that `before` tells of, and moves that on. */
  update(x: Float32Array | Float64Array, n: number, before: RunningMean): void;
  /** All of it times `scale`, symmetric [d, d]. */
  scaled(scale: number): Float64Array;
}

/**
 * The root of what the difference between the mean of a batch and that of the rows before it weighs in their sum:
 * n_a n_b / (n_a + n_b), as T. Chan, G. Golub and R. LeVeque (1979) merge two of them.
 */
export function mergingRoot(before: RunningMean, count: number): number {
  return Math.sqrt((before.count * count) / (before.count + count));
}

/** Takes a batch of `count` rows with this mean in. */
export function moveOn(before: RunningMean, mean: Float64Array, count: number): void {
  const total = before.count + count;
  for (let i = 0; i < mean.length; i++) before.mean[i]! += ((mean[i]! - before.mean[i]!) * count) / total;
  before.count = total;
}

const makers = new Map<string, (dims: number) => Comoment | undefined>();

/** Has an engine work out these sums by itself, for as many columns as `make` takes. */
export function registerComoment(backend: string, make: (dims: number) => Comoment | undefined): void {
  makers.set(backend, make);
}

/** One that the engine in use works out; undefined where it leaves that to the kernels in WebAssembly. */
export function engineComoment(dims: number): Comoment | undefined {
  return makers.get(tf.getBackend())?.(dims);
}
