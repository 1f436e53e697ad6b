import { CupbearerError } from '../../shared/errors.ts';
import type { PoolingOptions } from './pooling.ts';

/** Activations that have been read: the tokens of all samples one after another, `width` numbers each. */
interface TokenRows {
  values: Float32Array;
  width: number;
  /** How many tokens each sample has, `[size]`. */
  counts: Int32Array;
}

/**
 * Makes one vector of each sample's tokens, `[size, width]`; returns the tokens as they are with `each` and `none`. Means are added up in
 * float64. `where` says what sample and activation an error is about.
 * @throws CupbearerError `bad-data` if a sample has no token, or not the one that is asked for.
 */
export function poolRows(
  { values, width, counts }: TokenRows,
  { tokens = 'last', token_position: position }: PoolingOptions,
  where: (sample: number) => string,
): Float32Array {
  if (position === undefined && (tokens === 'each' || tokens === 'none')) return values;
  const pooled = new Float32Array(counts.length * width);
  let start = 0;
  for (const [sample, count] of counts.entries()) {
    const at = position ?? count - 1;
    if (count === 0 || at >= count) {
      const wanted = count === 0 ? 'at least one token' : `a token ${at}, counted from 0`;
      throw new CupbearerError('bad-data', `${where(sample)}: expected ${wanted}, found ${count} in all.`);
    }
    const own = values.subarray(start * width, (start + count) * width);
    const into = pooled.subarray(sample * width, (sample + 1) * width);
    if (position !== undefined || tokens === 'last') into.set(own.subarray(at * width, (at + 1) * width));
    else if (tokens === 'max') largest(own, into);
    else mean(own, into);
    start += count;
  }
  return pooled;
}

function largest(rows: Float32Array, into: Float32Array): void {
  const { length: width } = into;
  into.set(rows.subarray(0, width));
  // NaN must not be passed over: it would come out as an innocent number.
  for (let k = width; k < rows.length; k++) into[k % width] = Math.max(into[k % width]!, rows[k]!);
}

function mean(rows: Float32Array, into: Float32Array): void {
  const { length: width } = into;
  const sums = new Float64Array(width);
  for (let from = 0; from < rows.length; from += width)
    for (let column = 0; column < width; column++) sums[column]! += rows[from + column]!;
  const count = rows.length / width;
  for (let column = 0; column < width; column++) into[column] = sums[column]! / count;
}
