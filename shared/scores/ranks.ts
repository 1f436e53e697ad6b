import type { Scores } from './ranked-scores.ts';

/**
 * Places of samples by their score `[n]`, 1 for the most anomalous; equal scores share the best of their places
 * ("1224"). NaN, a sample without a score, has place 0. `[n]`, O(n log n).
 */
export function ranksOf(scores: Scores): Int32Array {
  const known = scores.filter((score) => !Number.isNaN(score)).sort();
  return Int32Array.from(scores, (score) => (Number.isNaN(score) ? 0 : known.length - countUpTo(known, score) + 1));
}

/** How many of the ascending values are at most `value`. */
function countUpTo(ascending: Scores, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
