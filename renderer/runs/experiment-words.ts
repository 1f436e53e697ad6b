import type { ExperimentSummary } from '../../shared/domain/experiment-view.ts';
import type { RunStatus } from '../../shared/domain/run.ts';

const counted = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;

/** How an experiment stands: the shape of its mark, and a word. */
export function experimentState({ state, counts, stuck }: ExperimentSummary): { status: RunStatus; word: string } {
  if (state === 'running') return { status: 'running', word: 'Running' };
  if (state === 'elsewhere') return { status: 'running', word: 'Running elsewhere' };
  if (state === 'paused') return { status: 'interrupted', word: 'Paused' };
  if (counts.failed > 0 && counts.done + counts.failed >= counts.total) return { status: 'failed', word: 'Ended with failures' }; // prettier-ignore
  if (stuck > 0) return { status: 'failed', word: 'Failed' };
  if (counts.total > 0 && counts.done >= counts.total) return { status: 'done', word: 'Done' };
  return counts.done + counts.failed > 0
    ? { status: 'interrupted', word: 'Stopped' }
    : { status: 'queued', word: 'Not started' };
}

/** The share of an experiment's runs that have ended, 0 to 1. */
export function experimentShare({ counts }: ExperimentSummary): number {
  return counts.total === 0 ? 0 : (counts.done + counts.failed) / counts.total;
}

/** Whether something of an experiment is left to compute and nobody does. */
export function canStart({ state, counts }: ExperimentSummary): boolean {
  return state === 'idle' && counts.done < counts.total;
}

/** What the button says that starts it. */
export function startWord({ counts: { total, done, failed } }: ExperimentSummary): string {
  if (done + failed === 0) return 'Start';
  return done + failed >= total ? 'Repeat failed runs' : 'Resume';
}

/** What an experiment spans: "6 tasks × 8 detectors × 3 seeds"; "" where that is not known. */
export function sizeWords({ tasks, detectors, seeds }: ExperimentSummary): string {
  if (tasks === null || detectors === null || seeds === null) return '';
  return [counted(tasks, 'task'), counted(detectors, 'detector'), counted(seeds, 'seed')].join(' × ');
}
