import * as tf from '@tensorflow/tfjs-core';
import { checkNotCancelled } from '../../data/cancellation.ts';
import { rowDistances } from '../../tensor/linalg/row-distances.ts';
import { NearestKeeper } from '../../tensor/nearest-keeper.ts';

/** Rows of the queries and of the reference that are multiplied at once: a product of 4 MiB. */
const QUERY_BLOCK = 1024;
const REFERENCE_BLOCK = 1024;

export interface Neighbours {
  /** Neighbours a query. */
  k: number;
  /** Rows of the reference, nearest first, `[m, k]`. */
  indices: Int32Array;
  /** Euclidean distances to them, ascending, `[m, k]`. */
  distances: Float64Array;
}

/**
 * For each query `[m, d]` the k nearest rows of `reference` `[n, d]` by Euclidean distance; all of them where there are
 * fewer than k. With `leaveOut`, query i is row i of the reference and no neighbour of its own.
 *
 * Neighbours are found by float32 products on the engine (`|r|^2 - 2 q r`), block by block, in memory of m k numbers
 * plus 4 MiB; the distances of those found are then worked out in float64. Two rows whose distances agree to the
 * precision of float32 may change places, so rows should be centred. @throws CupbearerError `cancelled`.
 */
export async function nearestRows(
  queries: Float32Array,
  reference: Float32Array,
  d: number,
  { k: wanted, leaveOut = false, signal }: { k: number; leaveOut?: boolean; signal?: AbortSignal | undefined },
): Promise<Neighbours> {
  const m = queries.length / d;
  const n = reference.length / d;
  const k = Math.min(wanted, leaveOut ? n - 1 : n);
  const halves = halfSquares(reference, d);
  const nearest = new NearestKeeper(m, k);
  try {
    // The larger block stays on the engine while the smaller ones come and go.
    for (let start = 0; start < n && k > 0; start += REFERENCE_BLOCK) {
      const end = Math.min(n, start + REFERENCE_BLOCK);
      const block = tf.tensor2d(reference.subarray(start * d, end * d), [end - start, d]);
      try {
        for (let from = 0; from < m; from += QUERY_BLOCK) {
          checkNotCancelled(signal, 'The search for neighbours');
          const to = Math.min(m, from + QUERY_BLOCK);
          await nearest.add({
            products: () =>
              tf.matMul(tf.tensor2d(queries.subarray(from * d, to * d), [to - from, d]), block, false, true),
            halves: halves.subarray(start, end),
            query: from,
            reference: start,
            leaveOut,
          });
        }
      } finally {
        block.dispose();
      }
    }
    return { k, ...exactOrder(queries, reference, d, await nearest.indices(), k) };
  } finally {
    nearest.dispose();
  }
}

/** What {@link halfSquares} found for arrays that are still in use: batch after batch is compared with the same reference. */
const knownHalves = new WeakMap<Float32Array, { d: number; halves: Float32Array }>();

/** Half the squared length of each row of a reference, `[n]`, which must not change as long as it is in use. */
function halfSquares(x: Float32Array, d: number): Float32Array {
  const known = knownHalves.get(x);
  if (known?.d === d) return known.halves;
  const halves = new Float32Array(x.length / d);
  for (let row = 0; row < halves.length; row++) {
    let sum = 0;
    for (let j = row * d; j < (row + 1) * d; j++) sum += x[j]! * x[j]!;
    halves[row] = sum / 2;
  }
  knownHalves.set(x, { d, halves });
  return halves;
}

/** The neighbours found, with float64 distances and in their order. */
function exactOrder(
  queries: Float32Array,
  reference: Float32Array,
  d: number,
  found: Int32Array,
  k: number,
): { indices: Int32Array; distances: Float64Array } {
  const distances = rowDistances(queries, reference, d, found, k);
  const indices = Int32Array.from(found);
  for (let start = 0; start < found.length; start += k) {
    // They come nearly in order.
    for (let i = start + 1; i < start + k; i++) {
      const [distance, row] = [distances[i]!, indices[i]!];
      let place = i;
      for (; place > start && distances[place - 1]! > distance; place--) {
        distances[place] = distances[place - 1]!;
        indices[place] = indices[place - 1]!;
      }
      distances[place] = distance;
      indices[place] = row;
    }
  }
  return { indices, distances };
}

/** Each row `[n, d]` divided by its Euclidean length; a row of zeros stays as it is. */
export function unitRows(x: Float32Array, d: number): Float32Array {
  const units = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += d) {
    let sum = 0;
    for (let j = start; j < start + d; j++) sum += x[j]! * x[j]!;
    const scale = sum > 0 ? 1 / Math.sqrt(sum) : 0;
    for (let j = start; j < start + d; j++) units[j] = x[j]! * scale;
  }
  return units;
}

/** Mean of the rows `[n, d]`, `[d]`. */
export function meanRow(x: Float32Array, d: number): Float64Array {
  const mean = new Float64Array(d);
  const n = x.length / d;
  for (let start = 0; start < x.length; start += d) for (let j = 0; j < d; j++) mean[j]! += x[start + j]! / n;
  return mean;
}

/** Each row `[n, d]` less `mean`, as float32. */
export function centredRows(x: Float32Array, mean: Float64Array): Float32Array {
  const d = mean.length;
  const centred = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += d)
    for (let j = 0; j < d; j++) centred[start + j] = x[start + j]! - mean[j]!;
  return centred;
}
