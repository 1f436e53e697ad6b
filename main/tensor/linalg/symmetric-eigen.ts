import { CupbearerError } from '../../../shared/errors.ts';
import { checkMatrix } from './checks.ts';
import { Workspace } from './workspace.ts';

interface Eigen {
  /** Eigenvalues in ascending order, [n]. */
  values: Float64Array;
  /** Orthonormal eigenvectors, row-major [n, n]. */
  vectors: Float64Array;
}

/** Elements below this share of the largest change nothing, but their squares vanish and the iteration can then stall. */
const NEGLIGIBLE = 1e-140;

/** What `qlRounds` gives. */
const [FAILED, MORE] = [1, 2];

/**
 * Eigenvalues, unordered, in `diagonal` [n] and eigenvectors as rows of `rows` (panels of eight columns) of the symmetric matrix
 * whose lower triangle is in `matrix` [n, n], which is destroyed. Its largest element should be about 1. False where the
 * iteration did not converge.
 */
function iterate(workspace: Workspace, matrix: number, n: number, diagonal: number, rows: number): boolean {
  const { run } = workspace;
  const [beside, heights] = [workspace.doubles(n), workspace.doubles(n)];
  const scratch = workspace.doubles(run.eigenScratchDoubles(n, workspace.threads));
  run.tridiagonalise(matrix, n, diagonal, beside, heights, scratch);
  const productParts = Math.min(workspace.partsFor(n ** 3 / 3), Math.ceil(n / 4));
  workspace.inParts('accumulateReflectors', productParts, productParts, matrix, n, heights, rows, scratch);
  run.qlBegin(diagonal, beside, n, scratch);
  for (;;) {
    const state = run.qlRounds(diagonal, beside, n);
    if (state === FAILED) return false;
    const sweeps = run.sweepsLeft();
    // About so many rotations a call, of four multiplications each for every column.
    const parts = Math.min(workspace.partsFor(4 * n * Math.min(sweeps * n, 16384)), Math.ceil(n / 8));
    workspace.inParts('applyRotations', parts, parts, rows, n, sweeps, scratch);
    if (state !== MORE) return true;
  }
}

/** Eigenvalues and, as columns or rows of `vectors`, eigenvectors. */
function decompose(a: Float64Array, n: number, asColumns: boolean): Eigen {
  const largest = checkMatrix('symmetricEigen', a, n);
  if (n === 0) return { values: new Float64Array(0), vectors: new Float64Array(0) };
  // A power of two: scaling by it loses nothing, and sums of squares can then neither overflow nor vanish.
  const scale = largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest));
  return Workspace.use((workspace) => {
    const { run } = workspace;
    const matrix = workspace.doubles(n * n);
    const diagonal = workspace.doubles(n);
    const rows = workspace.doubles(run.eigenVectorDoubles(n));
    const scaled = workspace.view(matrix, n * n);
    for (let i = 0; i < scaled.length; i++) {
      const value = a[i]! / scale;
      scaled[i] = Math.abs(value) < NEGLIGIBLE ? 0 : value;
    }
    if (!iterate(workspace, matrix, n, diagonal, rows))
      throw new CupbearerError('internal', `The eigenvalues of a ${n} x ${n} matrix did not converge.`);
    const found = workspace.view(diagonal, n).map((value) => value * scale);
    const order = Int32Array.from(found.keys()).sort((i, j) => found[i]! - found[j]!);
    run.orderVectors(rows, n, workspace.put(order), matrix, Number(asColumns));
    return { values: Float64Array.from(order, (i) => found[i]!), vectors: workspace.view(matrix, n * n).slice() };
  });
}

/**
 * Eigen-decomposition A = V diag(values) V^T of a symmetric matrix [n, n], row-major, of which the lower triangle is
 * read: values ascending, column j of `vectors` belongs to value j. Householder reduction and implicit QL iteration
 * (EISPACK's tred2 and tql2), float64. Throws `non-finite` where A is not finite.
 */
export function symmetricEigen(a: Float64Array, n: number): Eigen {
  return decompose(a, n, true);
}

/** As {@link symmetricEigen}, with eigenvector j in row j of `vectors`. */
export function symmetricEigenRows(a: Float64Array, n: number): Eigen {
  return decompose(a, n, false);
}
