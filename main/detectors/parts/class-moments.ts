import { MomentAccumulator } from '../../tensor/linalg/moments.ts';
import { trace } from '../../tensor/linalg/products.ts';
import { symmetricEigenRows } from '../../tensor/linalg/symmetric-eigen.ts';
import { weightedGram } from '../../tensor/linalg/weighted-gram.ts';

/**
 * Share of the total variance below which a variance within classes is rounding of the difference it is worked out by.
 */
const NEGLIGIBLE = 1e-13;

/**
 * Means by class, and the covariances around them and around the mean of all, of rows that come in batches; float64.
 */
export class ClassMoments {
  readonly dims: number;
  /** Rows of each class seen, grown as classes turn up. */
  readonly counts: number[] = [];
  readonly all: MomentAccumulator;
  readonly #sums: Float64Array[] = [];

  constructor(dims: number) {
    this.dims = dims;
    this.all = new MomentAccumulator(dims);
  }

  /** Adds the rows of `x` `[n, d]`, of which row i belongs to class `classOf[i]`. */
  update(x: Float32Array, classOf: Int32Array): void {
    this.all.update(x, classOf.length);
    classOf.forEach((k, row) => {
      while (this.#sums.length <= k) {
        this.#sums.push(new Float64Array(this.dims));
        this.counts.push(0);
      }
      const sums = this.#sums[k]!;
      for (let j = 0, at = row * this.dims; j < this.dims; j++, at++) sums[j]! += x[at]!;
      this.counts[k]!++;
    });
  }

  /** Mean of class k `[d]`; the mean of all rows if the class was not seen. */
  mean(k: number): Float64Array {
    const count = this.counts[k] ?? 0;
    return count === 0 ? this.all.mean.slice() : this.#sums[k]!.map((sum) => sum / count);
  }

  /** Covariance within classes (tied, divisor: rows), `[d, d]`; rounding errors if every class is constant. */
  within(): Float64Array {
    const { dims: d, all } = this;
    const total = all.covariance();
    const within = total.map((value) => (value * (all.count - 1)) / all.count);
    this.counts.forEach((count, k) => {
      const shift = this.mean(k).map((value, j) => value - all.mean[j]!);
      const share = count / all.count;
      for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) within[i * d + j]! -= share * shift[i]! * shift[j]!;
    });
    return within;
  }

  /** Variances within classes up to this count as zero. */
  get resolution(): number {
    return NEGLIGIBLE * trace(this.all.covariance(), this.dims);
  }
}

/**
 * Pseudo-inverse of a covariance `[d, d]`: eigenvalues up to `rcond` times the largest, or up to `resolution`, and
 * negative ones, which only rounding makes, count as zero.
 */
export function inverseCovariance(
  covariance: Float64Array,
  d: number,
  { rcond, resolution = 0 }: { rcond: number; resolution?: number },
): Float64Array {
  const { values, vectors } = symmetricEigenRows(covariance, d);
  const cut = Math.max(rcond * Math.max(values[d - 1]!, 0), resolution);
  return weightedGram(
    vectors,
    d,
    values.map((value) => (value > cut ? 1 / value : 0)),
  );
}
