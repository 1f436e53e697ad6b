/**
 * Mean and variance of each column of rows that come in batches, in float64: Welford's update (1962), which large means
 * do not harm. Takes memory for one row, unlike the whole covariance.
 */
export class ColumnMoments {
  /** Rows seen. */
  count = 0;
  /** Mean of the rows seen, [d]; zero before the first. */
  readonly mean: Float64Array;
  readonly #squares: Float64Array;

  constructor(dims: number) {
    this.mean = new Float64Array(dims);
    this.#squares = new Float64Array(dims);
  }

  /** Adds the first `n` rows of `x` [n, d]. */
  update(x: Float32Array | Float64Array, n: number): void {
    const d = this.mean.length;
    for (let row = 0; row < n; row++) {
      this.count++;
      for (let j = 0, at = row * d; j < d; j++, at++) {
        const before = x[at]! - this.mean[j]!;
        this.mean[j]! += before / this.count;
        this.#squares[j]! += before * (x[at]! - this.mean[j]!);
      }
    }
  }

  /** Variance of each column with divisor count - 1, [d]; zero before the second row. */
  variance(): Float64Array {
    const divisor = Math.max(1, this.count - 1);
    return this.#squares.map((sum) => sum / divisor);
  }
}
