import { CupbearerError } from '../../../shared/errors.ts';
import { checkMatrix } from './checks.ts';
import { Workspace } from './workspace.ts';

/**
 * Cholesky factor L of a symmetric positive definite matrix [n, n], row-major, of which the lower triangle is read:
 * lower triangular with L L^T = A, zero above the diagonal. Throws `bad-data` where A is not positive definite,
 * `non-finite` where it is not finite.
 */
export function cholesky(a: Float64Array, n: number): Float64Array {
  checkMatrix('cholesky', a, n);
  return Workspace.use((workspace) => {
    const matrix = workspace.put(a);
    const failed = workspace.run.cholesky(matrix, n);
    if (failed >= 0)
      throw new CupbearerError(
        'bad-data',
        `The ${n} x ${n} matrix is not positive definite: pivot ${failed} is not above zero.`,
        { hint: 'A covariance becomes positive definite with some shrinkage, or with more samples than dimensions.' },
      );
    const factor = workspace.view(matrix, n * n).slice();
    for (let i = 0; i < n; i++) factor.fill(0, i * n + i + 1, (i + 1) * n);
    return factor;
  });
}
