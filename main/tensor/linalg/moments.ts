import { paddedSize, symmetricFrom, GRAM_ROWS } from './gram.ts';
import { Workspace } from './workspace.ts';

/**
 * Mean and covariance of rows that come in batches, in float64. Batches are centred on their own mean and merged as
 * T. Chan, G. Golub and R. LeVeque (1979) do, so that neither large means nor the number of batches cost precision.
 */
export class MomentAccumulator {
  readonly dims: number;
  /** Rows seen. */
  count = 0;
  /** Mean of the rows seen, [d]; zero before the first. */
  readonly mean: Float64Array;
  /** Sum of (x - mean)(x - mean)^T, lower triangle of [padded, padded]. */
  readonly #comoment: Float64Array;

  constructor(dims: number) {
    if (!Number.isInteger(dims) || dims < 1)
      throw new Error(`MomentAccumulator takes 1 or more dimensions, got ${dims}.`);
    this.dims = dims;
    this.mean = new Float64Array(dims);
    this.#comoment = new Float64Array(paddedSize(dims) ** 2);
  }

  /** Adds the first `n` rows of `x` [n, d]. Throws where `x` does not hold n rows. */
  update(x: Float32Array | Float64Array, n: number): void {
    const { dims } = this;
    if (!Number.isInteger(n) || n < 0 || x.length < n * dims)
      throw new Error(`MomentAccumulator takes ${n} rows of ${dims} numbers, got ${x.length} numbers.`);
    const isDouble = x instanceof Float64Array;
    Workspace.use((workspace) => {
      const { run } = workspace;
      const comoment = workspace.put(this.#comoment);
      const mean = workspace.doubles(dims);
      const rows = workspace.allocate(GRAM_ROWS * dims * x.BYTES_PER_ELEMENT);
      const scratch = workspace.allocate(run.gramScratchBytes(GRAM_ROWS, dims, 0));
      for (let start = 0; start < n; start += GRAM_ROWS) {
        const count = Math.min(GRAM_ROWS, n - start);
        workspace.write(rows, x.subarray(start * dims, (start + count) * dims));
        run.columnMeans(rows, Number(isDouble), count, dims, mean);
        run.gram(rows, Number(isDouble), count, dims, mean, 0, comoment, scratch);
        this.#shift(workspace.view(comoment, this.#comoment.length), workspace.view(mean, dims), count);
      }
      this.#comoment.set(workspace.view(comoment, this.#comoment.length));
    });
  }

  /** Adds what another accumulator of the same dimensions has seen; that one is left as it is. */
  merge(other: MomentAccumulator): void {
    if (other.dims !== this.dims)
      throw new Error(`MomentAccumulator of ${this.dims} dimensions cannot take in one of ${other.dims}.`);
    for (let i = 0; i < this.#comoment.length; i++) this.#comoment[i]! += other.#comoment[i]!;
    this.#shift(this.#comoment, other.mean, other.count);
  }

  /** Covariance of the rows seen, with divisor count - 1, symmetric [d, d]. Throws before the second row. */
  covariance(): Float64Array {
    if (this.count < 2) throw new Error(`A covariance takes 2 or more rows, got ${this.count}.`);
    return Workspace.use((workspace) =>
      symmetricFrom(workspace, workspace.put(this.#comoment), this.dims, 1 / (this.count - 1)),
    );
  }

  /** What merging adds to the sum of both co-moments: delta delta^T n_a n_b / (n_a + n_b); then the mean and count. */
  #shift(comoment: Float64Array, mean: Float64Array, count: number): void {
    if (count === 0) return;
    const total = this.count + count;
    const delta = mean.map((value, i) => value - this.mean[i]!);
    if (this.count > 0) {
      const factor = (this.count * count) / total;
      const padded = paddedSize(this.dims);
      for (let i = 0; i < this.dims; i++) {
        const scaled = delta[i]! * factor;
        for (let j = 0, at = i * padded; j <= i; j++, at++) comoment[at]! += scaled * delta[j]!;
      }
    }
    for (let i = 0; i < this.dims; i++) this.mean[i]! += (delta[i]! * count) / total;
    this.count = total;
  }
}
