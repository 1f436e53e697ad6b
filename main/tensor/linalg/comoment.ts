import * as tf from '@tensorflow/tfjs-core';
import type { RunningMean } from './running-mean.ts';

/** Sum of (x - mean)(x - mean)^T over rows that come in batches, [d, d] in float64; it stays where it is worked out. */
export interface Comoment {
  /** Adds the first `n` rows of `x` [n, d], which come after those that `before` tells of, and moves that on. */
  update(x: Float32Array | Float64Array, n: number, before: RunningMean): void;
  /** All of it times `scale`, symmetric [d, d]. */
  scaled(scale: number): Float64Array;
}

/** Returns one for so many columns, with `isHalf` as of `MomentAccumulator`; undefined where the kernels are as fast. */
export type MakeComoment = (dims: number, isHalf: boolean) => Comoment | undefined;

const makers = new Map<string, MakeComoment>();

/** Has an engine work out these sums by itself, for as many columns as `make` takes. */
export function registerComoment(backend: string, make: MakeComoment): void {
  makers.set(backend, make);
}

/** One that the engine in use works out; undefined if it leaves that to the kernels in WebAssembly. */
export function engineComoment(dims: number, isHalf: boolean): Comoment | undefined {
  return makers.get(tf.getBackend())?.(dims, isHalf);
}
