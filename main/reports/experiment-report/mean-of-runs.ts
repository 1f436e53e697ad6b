import type { SeedRun } from '../../experiments/matrix-subject.ts';

/** The mean of a metric over the runs that are done and have it; null where none has. */
export function meanOfRuns(seeds: readonly SeedRun[], metric: string): number | null {
  return meanOf(seeds.map(({ run }) => (run?.status === 'done' ? run.metrics[metric] : null)));
}

/** The mean of those that are known; null where none is. */
export function meanOf(values: readonly (number | null | undefined)[]): number | null {
  const known = values.flatMap((value) => (typeof value === 'number' ? [value] : []));
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
