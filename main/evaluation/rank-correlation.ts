import { CupbearerError } from '../../shared/errors.ts';
import type { Scores } from '../../shared/scores/ranked-scores.ts';

/** Ranks of `values` from 1, equal values sharing the mean of theirs, `[n]`. */
export function midRanks(values: Scores): Float64Array {
  const order = Int32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let k = start; k < end; k++) ranks[order[k]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

/**
 * Returns the correlation of two arrays of ranks `[n]` (Pearson's, so Spearman's of the scores); null if one does not
 * vary.
 */
export function rankCorrelation(a: Float64Array, b: Float64Array): number | null {
  const n = a.length;
  const meanA = a.reduce((sum, value) => sum + value, 0) / n;
  const meanB = b.reduce((sum, value) => sum + value, 0) / n;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  if (aa === 0 || bb === 0) return null;
  return Math.min(1, Math.max(-1, ab / Math.sqrt(aa * bb)));
}

/**
 * Spearman's rank correlations of finite scores `[n]` each, ties by mid-ranks, as a symmetric matrix, -1 to 1 (Spearman
 * 1904; `scipy.stats.spearmanr`). Null where scores do not vary; 1 on the diagonal else.
 * @throws CupbearerError `bad-data` if lengths differ.
 */
export function spearmanMatrix(scores: readonly Scores[]): (number | null)[][] {
  const n = scores[0]?.length ?? 0;
  const odd = scores.find(({ length }) => length !== n);
  if (odd)
    throw new CupbearerError(
      'bad-data',
      `A rank correlation needs scores of the same samples: found ${n} and ${odd.length}.`,
    );
  const ranks = scores.map(midRanks);
  const matrix = ranks.map(() => new Array<number | null>(ranks.length).fill(null));
  for (const [i, a] of ranks.entries()) {
    for (let j = 0; j <= i; j++) matrix[i]![j] = matrix[j]![i] = rankCorrelation(a, ranks[j]!);
  }
  return matrix;
}

/** One entry of {@link spearmanMatrix}. @throws as it does. */
export function spearman(a: Scores, b: Scores): number | null {
  return spearmanMatrix([a, b])[0]![1]!;
}
