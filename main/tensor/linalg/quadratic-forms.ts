import { checkMatrix } from './checks.ts';
import { Workspace } from './workspace.ts';

/** Samples handled together by one thread: with 512 columns, 256 KiB of float64. */
const BLOCK = 64;
/** So many blocks at a time, which threads share among themselves. */
const BLOCKS = 16;

/**
 * (x - mean)^T A (x - mean) for each row of `x` [n, d], with `mean` [d] and A [d, d] row-major, in float64: squared
 * Mahalanobis distances where A is an inverse covariance. A row that is not finite gives NaN. Throws `non-finite` where A
 * is not finite.
 */
export function quadraticForms(x: Float32Array, mean: Float64Array, a: Float64Array): Float64Array {
  const d = mean.length;
  checkMatrix('quadraticForms', a, d);
  const n = d === 0 ? 0 : x.length / d;
  if (!Number.isInteger(n)) throw new Error(`quadraticForms takes rows of ${d} numbers, got ${x.length} numbers.`);
  return Workspace.use((workspace) => {
    const { run } = workspace;
    const panels = Math.ceil(d / 4);
    const form = workspace.doubles(8 * panels * (panels + 1));
    const center = workspace.put(mean);
    const matrix = workspace.put(a);
    run.packForm(matrix, d, form);
    const block = BLOCK * BLOCKS;
    const rows = workspace.allocate(block * d * 4);
    const scratch = workspace.doubles(block * panels * 4);
    const distances = workspace.doubles(block);
    const out = new Float64Array(n);
    for (let start = 0; start < n; start += block) {
      const count = Math.min(block, n - start);
      workspace.write(rows, x.subarray(start * d, (start + count) * d));
      const share = BLOCK * Math.ceil(count / BLOCK / workspace.partsFor((count * d * d) / 2));
      const parts = Math.ceil(count / share);
      workspace.inParts('quadraticForms', parts, share, rows, count, d, center, form, distances, scratch);
      out.set(workspace.view(distances, count), start);
    }
    return out;
  });
}
