import type { ExperimentSummary } from './domain/experiment-view.ts';

/** How an experiment that nobody computes any more has ended, as the beginning of a line. */
export function experimentEnd({ total, done, failed }: ExperimentSummary['counts']): string {
  if (done >= total) return 'Done';
  return failed > 0 ? 'Ended with failures' : 'Stopped';
}
