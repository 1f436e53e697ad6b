import { paddedSize, symmetricFrom, GRAM_ROWS } from './gram.ts';
import { symmetricEigenRows } from './symmetric-eigen.ts';
import { Workspace } from './workspace.ts';

/**
 * Moore-Penrose pseudo-inverse of a symmetric matrix [n, n], row-major, of which the lower triangle is read: the sum of
 * v v^T / l over its eigenpairs, without those with |l| <= rcond * max |l|. `rank` counts those kept. As
 * `numpy.linalg.pinv(a, rcond, hermitian=True)`. Throws `non-finite` where A is not finite.
 */
export function pseudoInverse(a: Float64Array, n: number, rcond: number): { inverse: Float64Array; rank: number } {
  const { values, vectors } = symmetricEigenRows(a, n);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const kept = [...values.keys()].filter((i) => Math.abs(values[i]!) > rcond * largest);
  const inverse = Workspace.use((workspace) => {
    const { run } = workspace;
    const padded = paddedSize(n);
    const sum = workspace.doubles(padded * padded);
    const rows = workspace.doubles(GRAM_ROWS * n);
    const weights = workspace.doubles(GRAM_ROWS);
    const scratch = workspace.allocate(run.gramScratchBytes(GRAM_ROWS, n, 1));
    workspace.view(sum, padded * padded).fill(0);
    for (let start = 0; start < kept.length; start += GRAM_ROWS) {
      const block = kept.slice(start, start + GRAM_ROWS);
      const to = workspace.view(rows, GRAM_ROWS * n);
      block.forEach((i, row) => to.set(vectors.subarray(i * n, (i + 1) * n), row * n));
      workspace.view(weights, GRAM_ROWS).set(block.map((i) => 1 / values[i]!));
      run.gram(rows, 1, block.length, n, 0, weights, sum, scratch);
    }
    return symmetricFrom(workspace, sum, n, 1);
  });
  return { inverse, rank: kept.length };
}
