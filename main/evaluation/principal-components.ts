import { MomentAccumulator } from '../tensor/linalg/moments.ts';
import { symmetricEigenRows } from '../tensor/linalg/symmetric-eigen.ts';

/** The directions in which some samples vary most, in float64. */
export interface PrincipalComponents {
  /** Mean of the samples, `[d]`. */
  mean: Float64Array;
  /**
   * Orthonormal directions, most variance first, `[count, d]` row-major. The entry of largest magnitude is positive.
   */
  axes: Float64Array;
  /** Variance along each direction (divisor n - 1), `[count]`. */
  variances: Float64Array;
  /** Variance summed over all directions there are. */
  totalVariance: number;
}

/**
 * The first `count` principal components of what `moments` has seen (at most d), from the eigenvectors of the
 * covariance (Hotelling 1933). @throws Error for fewer than two samples; CupbearerError `non-finite` if one is not
 * finite.
 */
export function componentsOfMoments(moments: MomentAccumulator, count: number): PrincipalComponents {
  const d = moments.dims;
  const covariance = moments.covariance();
  const { values, vectors } = symmetricEigenRows(covariance, d);
  const kept = Math.min(count, d);
  const axes = new Float64Array(kept * d);
  const variances = new Float64Array(kept);
  for (let k = 0; k < kept; k++) {
    const from = d - 1 - k;
    // Rounding leaves eigenvalues of a singular covariance a hair below zero.
    variances[k] = Math.max(0, values[from]!);
    axes.set(orient(vectors.subarray(from * d, (from + 1) * d)), k * d);
  }
  return { mean: moments.mean.slice(), axes, variances, totalVariance: traceOf(covariance, d) };
}

/**
 * As {@link componentsOfMoments} for the rows of `x` `[n, d]`, by the eigenvectors of the `[n, n]` matrix of inner
 * products: the same components at less cost where d exceeds n. At most n - 1 of them have variance; beyond, directions
 * are zero.
 */
export function componentsOfRows(x: Float32Array, n: number, d: number, count: number): PrincipalComponents {
  if (n < 2 || x.length !== n * d)
    throw new Error(`componentsOfRows takes 2 or more rows of ${d} numbers, got ${x.length} numbers as ${n} rows.`);
  const mean = meanOf(x, n, d);
  const { values, vectors } = symmetricEigenRows(innerProducts(x, mean, n), n);
  const largest = Math.max(0, values[n - 1]!);
  const kept = Math.min(count, d);
  const axes = new Float64Array(kept * d);
  const variances = new Float64Array(kept);
  for (let k = 0; k < Math.min(kept, n); k++) {
    const value = values[n - 1 - k]!;
    // Centring takes one direction away: its eigenvalue is rounding, and dividing by it would make a direction of
    // noise.
    if (value <= largest * 1e-12) continue;
    variances[k] = value / (n - 1);
    const axis = axes.subarray(k * d, (k + 1) * d);
    for (let i = 0; i < n; i++) {
      const weight = vectors[(n - 1 - k) * n + i]! / Math.sqrt(value);
      for (let j = 0; j < d; j++) axis[j]! += weight * (x[i * d + j]! - mean[j]!);
    }
    orient(axis);
  }
  const trace = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  return { mean, axes, variances, totalVariance: trace / (n - 1) };
}

/** Coordinates of the rows of `x` `[n, d]` along the components, `[n, count]`. */
export function project({ mean, axes, variances }: PrincipalComponents, x: Float32Array, n: number): Float32Array {
  const d = mean.length;
  const count = variances.length;
  const out = new Float32Array(n * count);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += (x[i * d + j]! - mean[j]!) * axes[k * d + j]!;
      out[i * count + k] = sum;
    }
  }
  return out;
}

/**
 * The share of the variance that lies along each component, 0 to 1; null if the samples do not vary. Variance below
 * what float32 activations around this mean can have is rounding.
 */
export function explainedShares({ mean, variances, totalVariance }: PrincipalComponents): number[] | null {
  const rounding = 1e-24 * mean.reduce((sum, value) => sum + value * value, 0);
  return totalVariance > rounding ? [...variances].map((variance) => variance / totalVariance) : null;
}

/** Eigenvectors have no sign of their own; this one is the same on every machine. Changes `axis` and gives it back. */
function orient(axis: Float64Array): Float64Array {
  let at = 0;
  for (let j = 1; j < axis.length; j++) if (Math.abs(axis[j]!) > Math.abs(axis[at]!)) at = j;
  if (axis[at]! < 0) for (let j = 0; j < axis.length; j++) axis[j] = -axis[j]!;
  return axis;
}

function traceOf(matrix: Float64Array, d: number): number {
  let sum = 0;
  for (let i = 0; i < d; i++) sum += matrix[i * d + i]!;
  return sum;
}

function meanOf(x: Float32Array, n: number, d: number): Float64Array {
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j]! += x[i * d + j]! / n;
  return mean;
}

/** `X X^T` of the centred rows, `[n, n]`: the second moments of the columns of X, hence summed by the same kernel. */
function innerProducts(x: Float32Array, mean: Float64Array, n: number): Float64Array {
  const d = mean.length;
  const moments = new MomentAccumulator(n);
  const block = 256;
  const columns = new Float64Array(block * n);
  for (let start = 0; start < d; start += block) {
    const size = Math.min(block, d - start);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < size; j++) columns[j * n + i] = x[i * d + start + j]! - mean[start + j]!;
    moments.update(columns, size);
  }
  // The accumulator centres over dimensions; what that took away is d times the outer product of its mean.
  const products = d > 1 ? moments.covariance() : new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      products[i * n + j] = products[i * n + j]! * (d - 1) + d * moments.mean[i]! * moments.mean[j]!;
  return products;
}
