import { MomentAccumulator } from '../../tensor/linalg/moments.ts';
import { symmetricEigenRows } from '../../tensor/linalg/symmetric-eigen.ts';

/** Directions of variance below this share of the largest are rounding. */
const NEGLIGIBLE = 1e-10;

interface PrincipalAxes {
  mean: Float64Array;
  /** Unit vectors in rows `[k, d]`, by falling variance. */
  axes: Float64Array;
  /** Variance along each, `[k]`, all above zero. */
  variances: Float64Array;
}

/** The leading `most` principal axes of two or more rows `[n, d]`; fewer if fewer have any variance. */
export function principalAxes(x: Float32Array, d: number, most: number): PrincipalAxes {
  const moments = new MomentAccumulator(d);
  moments.update(x, x.length / d);
  const { values, vectors } = symmetricEigenRows(moments.covariance(), d);
  const largest = values[d - 1]!;
  let k = 0;
  while (k < Math.min(most, d) && values[d - 1 - k]! > NEGLIGIBLE * largest) k++;
  const axes = new Float64Array(k * d);
  for (let i = 0; i < k; i++) axes.set(vectors.subarray((d - 1 - i) * d, (d - i) * d), i * d);
  return { mean: moments.mean, axes, variances: Float64Array.from({ length: k }, (_, i) => values[d - 1 - i]!) };
}
