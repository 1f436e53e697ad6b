import { checkNotCancelled } from '../../data/cancellation.ts';
import { matMulTransposed } from '../../tensor/linalg/mat-mul.ts';

/** Queries whose cosines to all of the reference are held at once: 5 MB a layer for 5,000 reference rows. */
const BLOCK = 128;

/** Rows of a layer scaled to length 1 in float64, `[n, dims]`; a row of zeros stays zero, so that its cosines are 0. */
interface UnitLayer {
  dims: number;
  rows: Float64Array;
}

export function unitLayer(x: Float32Array, dims: number): UnitLayer {
  const rows = new Float64Array(x);
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
  const layers = [...reference.keys()];
  const others = layers.length - 1;
  const ranks = reference.map(() => new Float64Array(m * k * others));
  const nearest = reference.map(() => new Int32Array(k));
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
      own.forEach((row, l) => largest(row, nearest[l]!));
      own.forEach((row, layer) => {
        const sources = layers.filter((l) => l !== layer);
        const found = ranksOf(
          row,
          sources.map((l) => nearest[l]!),
        );
        sources.forEach((l, i) => {
          // The place of `layer` among the layers other than l.
          const place = layer < l ? layer : layer - 1;
          for (let j = 0; j < k; j++) ranks[l]![(query * k + j) * others + place] = found[i * k + j]!;
        });
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

/** How many values come before the ones at the given places, largest first, the earlier of equal ones. */
function ranksOf(values: Float64Array, groups: readonly Int32Array[]): Int32Array {
  const places = Int32Array.from(groups.flatMap((group) => [...group]));
  const isBefore = (i: number, place: number) =>
    values[i]! > values[place]! || (values[i] === values[place] && i < place);
  const order = Int32Array.from(places.keys()).sort((a, b) => {
    if (places[a] === places[b]) return 0;
    return isBefore(places[a]!, places[b]!) ? -1 : 1;
  });
  const sorted = order.map((at) => places[at]!);
  const last = sorted.length - 1;
  const least = values[sorted[last]!]!;
  // How many values come before the place that is i-th in order, but not before the one ahead of it.
  const counts = new Int32Array(sorted.length);
  for (let i = 0; i < values.length; i++) {
    // Most are further away than any of the places.
    if (values[i]! < least || !isBefore(i, sorted[last]!)) continue;
    let first = last;
    while (first > 0 && isBefore(i, sorted[first - 1]!)) first--;
    counts[first]!++;
  }
  const ranks = new Int32Array(places.length);
  let total = 0;
  order.forEach((at, i) => {
    total += counts[i]!;
    ranks[at] = total;
  });
  return ranks;
}
