import type { RunSummary } from './domain/live.ts';

type Named = Pick<RunSummary, 'id' | 'detector' | 'detectorDetail' | 'taskDetail' | 'seed'>;

/**
 * As short names for runs that are compared as tell them apart: the detector alone, with what differs from its defaults, with
 * its task, with its seed, else with its id.
 */
export function shortRunNames(runs: readonly Named[]): string[] {
  const named: ((run: Named) => string)[] = [
    (run) => run.detector,
    (run) => [run.detector, run.detectorDetail].filter(Boolean).join(', '),
    (run) => [run.detector, run.detectorDetail, run.taskDetail].filter(Boolean).join(', '),
    (run) => `${run.detector}, seed ${run.seed}`,
  ];
  const unique = named.map((name) => runs.map(name)).find((names) => new Set(names).size === runs.length);
  return unique ?? runs.map((run) => `${run.detector} ${run.id.slice(-4)}`.trim());
}
