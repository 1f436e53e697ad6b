import { normalTwoSidedTail } from '../normal.ts';
import { midRanks } from '../rank-correlation.ts';
import { withoutRounding } from './paired-differences.ts';

/** With one pair fewer the smallest two-sided p is 2 / 2^5 = .0625: no result could pass the usual level. */
export const fewestForTest = 6;
/** Up to so many pairs the distribution is computed, beyond them it is close to normal. */
const mostExact = 25;

/** Wilcoxon's signed-rank test of whether differences are symmetrical about 0. */
interface WilcoxonTest {
  /** Pairs that differ. Pairs that do not are dropped, as Wilcoxon (1945) does: they say nothing about the sign. */
  pairs: number;
  /** Pairs that were dropped. */
  zeros: number;
  /** Sums of the ranks of positive and of negative differences; equal sizes share the mean of their ranks. */
  positive: number;
  negative: number;
  /** Two-sided. */
  p: number;
  method: 'exact' | 'normal';
}

/**
 * Tests paired differences, one a task. Exact up to 25 pairs that differ, equal sizes included: each of the 2^n ways to
 * give the ranks their signs is as likely, and how many of them reach a sum is counted. Beyond that the normal
 * approximation with corrections for ties and for continuity (Hollander & Wolfe 1999, 3.1). Null for fewer than six
 * pairs that differ.
 */
export function wilcoxonSignedRank(differences: readonly number[]): WilcoxonTest | null {
  const nonZero = withoutRounding(differences).filter((difference) => difference !== 0);
  const pairs = nonZero.length;
  if (pairs < fewestForTest) return null;
  const ranks = midRanks(Float64Array.from(nonZero, Math.abs));
  const positive = ranks.reduce((sum, rank, i) => sum + (nonZero[i]! > 0 ? rank : 0), 0);
  const negative = (pairs * (pairs + 1)) / 2 - positive;
  const exact = pairs <= mostExact;
  const least = Math.min(positive, negative);
  return {
    pairs,
    zeros: differences.length - pairs,
    positive,
    negative,
    p: exact ? exactTail(ranks, least) : normalTail(ranks, least),
    method: exact ? 'exact' : 'normal',
  };
}

/** Twice the share of all choices of signs whose positive ranks sum to at most `least`. */
function exactTail(ranks: Float64Array, least: number): number {
  // Mid-ranks are halves, so that twice a rank is whole; counts up to 2^25 are exact.
  const doubled = ranks.map((rank) => 2 * rank);
  const most = doubled.reduce((sum, rank) => sum + rank, 0);
  const ways = new Float64Array(most + 1);
  ways[0] = 1;
  for (const rank of doubled) for (let sum = most; sum >= rank; sum--) ways[sum]! += ways[sum - rank]!;
  const reached = ways.subarray(0, 2 * least + 1).reduce((sum, count) => sum + count, 0);
  return Math.min(1, (2 * reached) / 2 ** ranks.length);
}

function normalTail(ranks: Float64Array, least: number): number {
  const n = ranks.length;
  // The sum of squared mid-ranks is n (n + 1) (2 n + 1) / 6 less the correction for ties.
  const variance = ranks.reduce((sum, rank) => sum + rank * rank, 0) / 4;
  const beyond = Math.max(0, (n * (n + 1)) / 4 - least - 0.5);
  return normalTwoSidedTail(beyond / Math.sqrt(variance));
}
