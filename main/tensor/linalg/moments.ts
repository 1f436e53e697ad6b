import { engineComoment, type Comoment } from './comoment.ts';
import type { RunningMean } from './running-mean.ts';
import { WasmComoment } from './wasm-comoment.ts';

/**
 * Mean and covariance of rows that come in batches, in float64. Batches are centred on their own mean and merged as
 * T. Chan, G. Golub and R. LeVeque (1979) do, so that neither large means nor the number of batches cost precision. The
 * engine in use works them out where it is faster at that than the kernels in WebAssembly.
 */
export class MomentAccumulator {
  readonly dims: number;
  readonly #running: RunningMean;
  readonly #comoment: Comoment;

  /**
   * With `isHalf`, batches of float32 are numbers that were stored in 16 bits or fewer, or means of such. Their products are then
   * summed up in float32 over short runs of rows, which is faster and loses less than the storage has.
   */
  constructor(dims: number, isHalf = false) {
    if (!Number.isInteger(dims) || dims < 1)
      throw new Error(`MomentAccumulator takes 1 or more dimensions, got ${dims}.`);
    this.dims = dims;
    this.#running = { count: 0, mean: new Float64Array(dims) };
    this.#comoment = engineComoment(dims, isHalf) ?? new WasmComoment(dims, isHalf);
  }

  /** Rows seen. */
  get count(): number {
    return this.#running.count;
  }

  /** Mean of the rows seen, [d]; zero before the first. */
  get mean(): Float64Array {
    return this.#running.mean;
  }

  /** Adds the first `n` rows of `x` [n, d]. Throws where `x` does not hold n rows. */
  update(x: Float32Array | Float64Array, n: number): void {
    if (!Number.isInteger(n) || n < 0 || x.length < n * this.dims)
      throw new Error(`MomentAccumulator takes ${n} rows of ${this.dims} numbers, got ${x.length} numbers.`);
    this.#comoment.update(x, n, this.#running);
  }

  /** Covariance of the rows seen, with divisor count - 1, symmetric [d, d]. Throws before the second row. */
  covariance(): Float64Array {
    if (this.count < 2) throw new Error(`A covariance takes 2 or more rows, got ${this.count}.`);
    return this.#comoment.scaled(1 / (this.count - 1));
  }
}
