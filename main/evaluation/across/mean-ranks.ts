import { midRanks } from '../rank-correlation.ts';
import { withoutRounding } from './paired-differences.ts';

/**
 * Returns each detector's mean rank over tasks, 1 for the best, `[detectors]`; equal figures share the mean of their
 * ranks. `figures` are `[detectors][tasks]` with at least one task and none missing; `higher`: more is better. Ranks
 * depend on the pool: a detector that joins or leaves moves those of others, also against each other.
 */
export function meanRanks(figures: readonly (readonly number[])[], higher: boolean): number[] {
  const tasks = figures[0]?.length ?? 0;
  const sums = figures.map(() => 0);
  for (let task = 0; task < tasks; task++) {
    const badness = withoutRounding(figures.map((own) => (higher ? -own[task]! : own[task]!)));
    for (const [detector, rank] of midRanks(Float64Array.from(badness)).entries()) sums[detector]! += rank;
  }
  return sums.map((sum) => sum / tasks);
}
