import type { ModelSummary } from '../../../shared/domain/library.ts';
import type { LiveState, RunSummary } from '../../../shared/domain/live.ts';
import type { RunStatus } from '../../../shared/domain/run.ts';
import { formatPercent } from '../../../shared/format.ts';
import { statusWords } from '../../components/status-words.ts';
import { siblings } from '../../runs/siblings.svelte.ts';
import { phaseWords } from '../../runs/run-words.ts';

const trainings: Record<Exclude<RunStatus, 'running'>, string> = {
  done: 'Trained',
  queued: 'Waits to be trained, asked for',
  failed: 'Training failed',
  cancelled: 'Training cancelled',
  interrupted: 'Training cut off',
};

/** Returns a model's name, or its architecture if it has none. */
export const nameOf = (run: RunSummary): string => run.name || run.model || run.title;

/** Returns what follows a model's name, because many models are named after their architecture. */
export const tellingOf = (run: RunSummary): string => siblings.wordsFor(run) || `seed ${run.seed}`;

/** Returns what a model is for, and its architecture if that is not its name. */
export function aboutOf(run: RunSummary, { main, dataset }: { main: string; dataset: string }): string {
  return [nameOf(run) === run.model ? '' : run.model, main, dataset].filter(Boolean).join(', ');
}

/** How a model came about, before the time of it: "Trained", "Training failed", "Epoch 7/20, started". */
export function madeWords({ imported }: Pick<ModelSummary, 'imported'>, run: RunSummary, live?: LiveState): string {
  if (imported) return 'Imported';
  return run.status === 'running' ? `In training: ${phaseWords(live).toLowerCase()}, started` : trainings[run.status];
}

/** What a list says of a model: how well it classifies, or what became of it: "97.3 % clean, 98.8 % attack". */
export function standingWords({ imported }: Pick<ModelSummary, 'imported'>, run: RunSummary, live?: LiveState): string {
  if (run.fault !== null) return `Not read in full: ${run.fault}`;
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
        : [statusWords[run.status]];
  return [...made, ...of('clean_accuracy', 'clean'), ...of('attack_success', 'attack')].join(', ');
}
