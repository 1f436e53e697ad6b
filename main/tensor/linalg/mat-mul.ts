import { paddedSize } from './gram.ts';
import { Workspace } from './workspace.ts';

/** Rows of the left factor that are multiplied at once; packed, 64 rows of 512 numbers are 256 KiB. */
const BLOCK = 64;

/**
 * A B^T for A `[m, k]` and B `[n, k]`, row-major, in float64: `[m, n]`. With rows of unit length these are cosines.
 * Throws where a factor does not consist of rows of k numbers.
 */
export function matMulTransposed(a: Float64Array, b: Float64Array, k: number): Float64Array {
  const m = a.length / k;
  const n = b.length / k;
  if (!Number.isInteger(m) || !Number.isInteger(n))
    throw new Error(`matMulTransposed takes rows of ${k} numbers, got ${a.length} and ${b.length} numbers.`);
  return Workspace.use((workspace) => {
    const { run } = workspace;
    const padded = paddedSize(n);
    const right = workspace.doubles(padded * k);
    const left = workspace.doubles(BLOCK * k);
    const product = workspace.doubles(BLOCK * padded);
    const rows = workspace.doubles(BLOCK * k);
    for (let start = 0; start < n; start += BLOCK) {
      const count = Math.min(BLOCK, n - start);
      workspace.write(rows, b.subarray(start * k, (start + count) * k));
      run.packRows(rows, count, k, right + start * k * Float64Array.BYTES_PER_ELEMENT);
    }
    const out = new Float64Array(m * n);
    for (let start = 0; start < m; start += BLOCK) {
      const count = Math.min(BLOCK, m - start);
      workspace.write(rows, a.subarray(start * k, (start + count) * k));
      run.packRows(rows, count, k, left);
      run.matMulTransposed(left, count, right, n, k, product);
      const from = workspace.view(product, count * padded);
      for (let i = 0; i < count; i++) out.set(from.subarray(i * padded, i * padded + n), (start + i) * n);
    }
    return out;
  });
}
