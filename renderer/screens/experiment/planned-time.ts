import type { DraftPlan, Estimate, RunTimes } from '../../../shared/domain/draft.ts';

/** How long what is planned should take. */
export interface PlannedTime {
  lowMs: number;
  highMs: number;
  /** Finished runs that it is known from. */
  runs: number;
  /** Methods of which no run has ended here, so that a few batches were measured in their place. */
  measured: number;
  /** By method, the longest first. */
  parts: { method: string; lowMs: number; highMs: number }[];
}

/**
 * Adds up what the runs to be computed took before, or, of methods that never ran here, what was measured of the draft; `jobs` go
 * side by side. Null where a method is known by neither.
 */
export function plannedTime(
  { toCompute }: Pick<DraftPlan, 'toCompute'>,
  { times, estimate, detectors, jobs }: { times: RunTimes; estimate: Estimate | null; detectors: number; jobs: number },
): PlannedTime | null {
  const parts: PlannedTime['parts'] = [];
  let [runs, measured, longest] = [0, 0, 0];
  for (const [method, count] of Object.entries(toCompute)) {
    const known = times[method];
    const one = known ?? measuredRun(method, estimate, detectors);
    if (!one) return null;
    if (known) runs += known.runs;
    else measured++;
    longest = Math.max(longest, one.lowMs);
    parts.push({ method, lowMs: count * one.lowMs, highMs: count * one.highMs });
  }
  const sum = (of: 'lowMs' | 'highMs') => parts.reduce((total, part) => total + part[of], 0);
  // One run cannot be shared out, however many go side by side.
  const lowMs = Math.max(longest, sum('lowMs') / jobs);
  parts.sort((a, b) => b.highMs - a.highMs);
  return { lowMs, highMs: Math.max(lowMs, sum('highMs') / jobs), runs, measured, parts };
}

/** One run as the estimate has it: the measurement is of one classifier and of all detectors together. */
function measuredRun(
  method: string,
  estimate: Estimate | null,
  detectors: number,
): { lowMs: number; highMs: number } | undefined {
  if (!estimate || estimate.totalMs === null || detectors === 0) return undefined;
  const training = estimate.parts.find(({ phase }) => phase === 'Train')?.ms ?? 0;
  const lowMs = method === 'classifier' ? training : (estimate.totalMs - training) / detectors;
  const margin = estimate.totalMs > 0 ? (estimate.mostMs ?? estimate.totalMs) / estimate.totalMs : 1;
  return { lowMs, highMs: lowMs * margin };
}
