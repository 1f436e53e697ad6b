import { checkNotCancelled } from '../data/cancellation.ts';
import { matMulTransposed } from '../tensor/linalg/mat-mul.ts';

/** Queries whose cosines to all of the reference are held at once: 5 MB a layer for 5,000 reference rows. */
const BLOCK = 128;

/** Rows of a layer scaled to length 1 in float64, `[n, dims]`; a row of zeros stays zero, so that its cosines are 0. */
export interface UnitLayer {
  dims: number;
  rows: Float64Array;
}

export function unitLayer(x: Float32Array, dims: number): UnitLayer {
  const rows = Float64Array.from(x);
  for (let start = 0; start < rows.length; start += dims) {
    let sum = 0;
    for (let j = start; j < start + dims; j++) sum += rows[j]! * rows[j]!;
    const scale = sum > 0 ? 1 / Math.sqrt(sum) : 0;
    for (let j = start; j < start + dims; j++) rows[j]! *= scale;
  }
  return { dims, rows };
}

/**
 * Where the nearest neighbours in one layer stand in the others: for each layer l, query i, and each of the `k` reference
 * rows with the largest cosine to i in l, how many reference rows are nearer to i in each other layer (in order), so 0 is
 * the nearest. Equal cosines go by the order of the reference. `[m, k, layers - 1]` for each layer.
 *
 * With `leaveOut`, query i is row i of the reference, which is then no neighbour of itself and not counted.
 * Time grows with m n (dims + k layers), memory with the result and 128 n layers. @throws CupbearerError `cancelled`.
 */
export function neighbourRanks(
  queries: readonly UnitLayer[],
  reference: readonly UnitLayer[],
  k: number,
  { leaveOut = false, signal }: { leaveOut?: boolean; signal?: AbortSignal | undefined } = {},
): Float64Array[] {
  const m = queries[0]!.rows.length / queries[0]!.dims;
  const n = reference[0]!.rows.length / reference[0]!.dims;
  const others = reference.length - 1;
  const ranks = reference.map(() => new Float64Array(m * k * others));
  const nearest = new Int32Array(k);
  for (let start = 0; start < m; start += BLOCK) {
    checkNotCancelled(signal, 'The comparison of neighbours');
    const end = Math.min(m, start + BLOCK);
    const cosines = reference.map(({ rows, dims }, l) =>
      matMulTransposed(queries[l]!.rows.subarray(start * dims, end * dims), rows, dims),
    );
    for (let query = start; query < end; query++) {
      const at = (query - start) * n;
      const own = cosines.map((all) => all.subarray(at, at + n));
      // Below every cosine: neither a neighbour nor nearer than one.
      if (leaveOut) for (const row of own) row[query] = -Infinity;
      own.forEach((row, l) => {
        largest(row, nearest);
        let to = query * k * others;
        for (const neighbour of nearest) {
          own.forEach((other, layer) => {
            if (layer !== l) ranks[l]![to++] = nearer(other, neighbour);
          });
        }
      });
    }
  }
  return ranks;
}

/** Writes the places of the largest values into `places`, largest first, the earlier of equal ones. */
function largest(values: Float64Array, places: Int32Array): void {
  const last = places.length - 1;
  let found = 0;
  let least = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (found > last && !(value > least)) continue;
    let place = Math.min(found, last);
    for (; place > 0 && values[places[place - 1]!]! < value; place--) places[place] = places[place - 1]!;
    places[place] = i;
    if (found <= last) found++;
    least = values[places[found - 1]!]!;
  }
}

/** How many values come before the one at `place`, largest first, the earlier of equal ones. */
function nearer(values: Float64Array, place: number): number {
  const value = values[place]!;
  let count = 0;
  for (let i = 0; i < place; i++) if (values[i]! >= value) count++;
  for (let i = place + 1; i < values.length; i++) if (values[i]! > value) count++;
  return count;
}
