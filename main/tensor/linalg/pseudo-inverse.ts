import { symmetricEigenRows } from './symmetric-eigen.ts';
import { weightedGram } from './weighted-gram.ts';

/**
 * Moore-Penrose pseudo-inverse of a symmetric matrix [n, n], row-major, of which the lower triangle is read: the sum of
 * v v^T / l over its eigenpairs, without those with |l| <= rcond * max |l|. `rank` counts those kept. As
 * `numpy.linalg.pinv(a, rcond, hermitian=True)`. Throws `non-finite` where A is not finite.
 */
export function pseudoInverse(a: Float64Array, n: number, rcond: number): { inverse: Float64Array; rank: number } {
  const { values, vectors } = symmetricEigenRows(a, n);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const isKept = (value: number) => Math.abs(value) > rcond * largest;
  const inverse = weightedGram(
    vectors,
    n,
    values.map((value) => (isKept(value) ? 1 / value : 0)),
  );
  return { inverse, rank: values.filter(isKept).length };
}
