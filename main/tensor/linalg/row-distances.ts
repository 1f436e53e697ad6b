import { Workspace } from './workspace.ts';

/** Queries handled together, and bytes of the reference. */
const QUERIES = 1024;
const REFERENCE_BYTES = 2 ** 22;

/**
 * Returns the Euclidean distances, in float64, of each query `[m, d]` to the k rows of `reference` `[n, d]` that `found`
 * `[m, k]` names, `[m, k]`. Takes some 10 MiB besides, and k numbers for each of 1024 queries.
 */
export function rowDistances(
  queries: Float32Array,
  reference: Float32Array,
  d: number,
  found: Int32Array,
  k: number,
): Float64Array {
  const distances = new Float64Array(found.length);
  const [m, n] = [k === 0 ? 0 : found.length / k, d === 0 ? 0 : reference.length / d];
  const rows = Math.max(1, Math.floor(REFERENCE_BYTES / (4 * d)));
  for (let from = 0; from < m; from += QUERIES) {
    const count = Math.min(QUERIES, m - from);
    Workspace.use((workspace) => {
      const own = workspace.put(queries.subarray(from * d, (from + count) * d));
      const names = workspace.put(found.subarray(from * k, (from + count) * k));
      const out = workspace.doubles(count * k);
      const block = workspace.allocate(Math.min(rows, n) * d * 4);
      const parts = Math.min(count, workspace.partsFor(count * k * d));
      for (let start = 0; start < n; start += rows) {
        const end = Math.min(n, start + rows);
        workspace.write(block, reference.subarray(start * d, end * d));
        workspace.inParts('rowDistances', parts, parts, own, count, d, names, k, block, start, end, out);
      }
      distances.set(workspace.view(out, count * k), from * k);
    });
  }
  return distances;
}
