import type { ModelSummary } from '../../../shared/domain/library.ts';
import type { LiveState, RunSummary } from '../../../shared/domain/live.ts';
import type { RunStatus } from '../../../shared/domain/run.ts';
import { formatPercent } from '../../../shared/format.ts';
import { phaseWords } from '../runs/run-words.ts';

const trainings: Record<Exclude<RunStatus, 'running'>, string> = {
  done: 'Trained',
  queued: 'Waits to be trained, asked for',
  failed: 'Training failed',
  cancelled: 'Training cancelled',
  interrupted: 'Training cut off',
};

/** How a model came about, before the time of it: "Trained", "Training failed", "Epoch 7/20, started". */
export function madeWords({ imported }: Pick<ModelSummary, 'imported'>, run: RunSummary, live?: LiveState): string {
  if (imported) return 'Imported';
  return run.status === 'running' ? `In training: ${phaseWords(live).toLowerCase()}, started` : trainings[run.status];
}

/** What a list says of a model: how well it classifies, or what became of it: "97.3 % clean, 98.8 % attack". */
export function standingWords({ imported }: Pick<ModelSummary, 'imported'>, run: RunSummary, live?: LiveState): string {
  const of = (key: string, word: string) => {
    const share = run.metrics[key];
    return typeof share === 'number' ? [`${formatPercent(share)} ${word}`] : [];
  };
  const made = imported
    ? ['Imported']
    : run.status === 'done'
      ? []
      : run.status === 'running'
        ? [phaseWords(live)]
        : [states[run.status]];
  return [...made, ...of('clean_accuracy', 'clean'), ...of('attack_success', 'attack')].join(', ');
}

const states: Record<Exclude<RunStatus, 'running' | 'done'>, string> = {
  queued: 'Waiting',
  failed: 'Failed',
  cancelled: 'Cancelled',
  interrupted: 'Interrupted',
};
