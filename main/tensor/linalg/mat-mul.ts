import { Workspace } from './workspace.ts';

/** Rows of the left factor that a thread multiplies at once, a multiple of 6; packed, 96 rows of 512 numbers are 384 KiB. */
const BLOCK = 96;
/** Rows of the right factor that are packed at once, a multiple of 4. */
const PACKED = 1024;

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
    const block = BLOCK * workspace.threads;
    const columns = Math.ceil(n / 4) * 4;
    const right = workspace.doubles(run.packedRightDoubles(n, k));
    const rows = workspace.doubles(Math.max(block, PACKED) * k);
    const left = workspace.doubles(run.packedLeftDoubles(block, k));
    const product = workspace.doubles(block * columns);
    for (let start = 0; start < n; start += PACKED) {
      const count = Math.min(PACKED, n - start);
      workspace.write(rows, b.subarray(start * k, (start + count) * k));
      // Packing an element costs about as much as ten multiplications.
      const parts = workspace.partsFor(10 * count * k);
      workspace.inParts('packRight', parts, parts, rows, count, k, right + 8 * start * k);
    }
    const out = new Float64Array(m * n);
    for (let start = 0; start < m; start += block) {
      const count = Math.min(block, m - start);
      workspace.write(rows, a.subarray(start * k, (start + count) * k));
      const parts = Math.min(workspace.partsFor(count * n * k), Math.ceil(count / 24));
      workspace.inParts('matMulTransposed', parts, parts, rows, count, right, n, k, left, product);
      const from = workspace.view(product, count * columns);
      for (let i = 0; i < count; i++) out.set(from.subarray(i * columns, i * columns + n), (start + i) * n);
    }
    return out;
  });
}
