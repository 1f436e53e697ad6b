/** How many rows were seen, and their mean [d]; zero before the first. */
export interface RunningMean {
  count: number;
  readonly mean: Float64Array;
}

/**
 * The root of what the difference between the mean of a batch and that of the rows before it weighs in their sum:
 * n_a n_b / (n_a + n_b), as T. Chan, G. Golub and R. LeVeque (1979) merge two of them.
 */
export function mergingRoot(before: RunningMean, count: number): number {
  return Math.sqrt((before.count * count) / (before.count + count));
}

/** Takes a batch of `count` rows with this mean in. */
export function moveOn(before: RunningMean, mean: Float64Array, count: number): void {
  const total = before.count + count;
  for (let i = 0; i < mean.length; i++) before.mean[i]! += ((mean[i]! - before.mean[i]!) * count) / total;
  before.count = total;
}
