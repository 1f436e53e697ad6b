import { z } from 'zod';
import { CupbearerError } from '../errors.ts';
import { numbered } from '../format.ts';

const mostPositions = 1000;
const farthest = 2 ** 24;

/** How the scores of a text's tokens become its score: one of these, or the mean over tokens at these places. */
export const tokenPoolingSchema = z.union([
  z.enum(['last', 'mean', 'max']),
  z.array(z.int().min(-farthest).max(farthest)).min(1).max(mostPositions),
]);
/** Places count from 0; negative ones from the end, -1 being the last. */
export type TokenPooling = z.infer<typeof tokenPoolingSchema>;

/** The poolings that have names. */
export const namedPoolings = ['last', 'mean', 'max'] as const;

/** Reads "last", "mean", "max" or places such as "0,5,-1". @throws CupbearerError `usage`. */
export function parseTokenPooling(text: string): TokenPooling {
  const named = namedPoolings.find((name) => name === text);
  const parts = text.split(',').map((part) => part.trim());
  const found = tokenPoolingSchema.safeParse(
    named ?? parts.map((part) => (/^-?\d{1,9}$/.test(part) ? Number(part) : NaN)),
  );
  if (found.success) return found.data;
  throw new CupbearerError(
    'usage',
    `Expected last, mean, max or places of tokens (0,5,-1; at most ${mostPositions}), found "${text.slice(0, 60)}".`,
  );
}

/** "last", "mean", "max" or "tokens 0, 5, -1". */
export function poolingWords(pooling: TokenPooling): string {
  if (typeof pooling === 'string') return pooling;
  return `token${pooling.length === 1 ? '' : 's'} ${pooling.join(', ')}`;
}

/**
 * Returns the score of one text from those of its tokens `[count]`, at least one; sums are in float64. With places, the mean over
 * those that the text has; NaN if it has none of them.
 */
function pooledScore(tokens: Float32Array | Float64Array, pooling: TokenPooling): number {
  if (pooling === 'last') return tokens[tokens.length - 1]!;
  if (pooling === 'max') {
    let largest = -Infinity;
    for (const score of tokens) largest = Math.max(largest, score);
    return largest;
  }
  let sum = 0;
  if (pooling === 'mean') {
    for (const score of tokens) sum += score;
    return sum / tokens.length;
  }
  let found = 0;
  for (const place of pooling) {
    const score = tokens[place < 0 ? tokens.length + place : place];
    if (score === undefined) continue;
    sum += score;
    found++;
  }
  return sum / found;
}

/**
 * Returns the scores of texts `[n]` from those of all their tokens `[sum of counts]`, text after text. @throws CupbearerError `usage`
 * if a text is too short for the positions.
 */
export function pooledScores(
  tokens: Float32Array | Float64Array,
  counts: Int32Array,
  pooling: TokenPooling,
): Float64Array {
  let at = 0;
  let without = 0;
  const pooled = Float64Array.from(counts, (count) => {
    const own = tokens.subarray(at, (at += count));
    const score = pooledScore(own, pooling);
    if (count === 0 || (typeof pooling !== 'string' && !pooling.some((place) => own.at(place) !== undefined)))
      without++;
    return score;
  });
  if (without === 0) return pooled;
  const wanted = typeof pooling === 'string' ? 'a token' : poolingWords(pooling);
  throw new CupbearerError(
    'usage',
    `Expected ${wanted} in every text; ${numbered(without, 'text')} of ${counts.length} ${without === 1 ? 'has' : 'have'} none.`,
    { hint: 'Choose places that all texts have; negative ones count from the end.' },
  );
}
