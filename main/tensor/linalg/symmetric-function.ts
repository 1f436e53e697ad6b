import { weightedGram } from './weighted-gram.ts';
import { symmetricEigenRows } from './symmetric-eigen.ts';

/**
 * `V diag(f(l)) V^T` for a symmetric matrix `A = V diag(l) V^T` `[n, n]`, row-major, of which the lower triangle is read:
 * the matrix exponential for `Math.exp`, the inverse root for `1 / Math.sqrt(l)`. `f` gets the eigenvalues in ascending
 * order. Throws `non-finite` where A or a value of `f` is not finite.
 */
export function symmetricFunction(a: Float64Array, n: number, f: (eigenvalue: number) => number): Float64Array {
  const { values, vectors } = symmetricEigenRows(a, n);
  return weightedGram(vectors, n, values.map(f));
}
