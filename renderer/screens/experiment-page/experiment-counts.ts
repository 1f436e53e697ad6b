import type { ExperimentSummary, ExperimentView } from '../../../shared/domain/experiment-view.ts';

/** How many runs of an experiment there are of each kind, and what of its matrix has no figures that count. */
interface ExperimentCounts {
  total: number;
  done: number;
  running: number;
  failed: number;
  waiting: number;
  impossible: number;
  notCounted: number;
}

export function countsOf({ counts }: ExperimentSummary, view: ExperimentView | undefined): ExperimentCounts {
  const { total, done, running, failed } = counts;
  const cells = view?.matrix.cells.flat() ?? [];
  return {
    total,
    done,
    running,
    failed,
    waiting: Math.max(0, total - done - running - failed),
    impossible: cells.filter(({ state }) => state === 'impossible').length,
    notCounted: view?.matrix.tasks.filter(({ notCounted }) => notCounted !== null).length ?? 0,
  };
}
