import type { ModelSummary } from '../../../shared/domain/library.ts';
import type { LiveState, RunSummary } from '../../../shared/domain/live.ts';
import type { RunStatus } from '../../../shared/domain/run.ts';
import { formatPercent } from '../../../shared/format.ts';
import { statusWords } from '../../components/status-words.ts';
import { phaseWords } from '../../runs/run-words.ts';

const trainings: Record<Exclude<RunStatus, 'running'>, string> = {
  done: 'Trained',
  queued: 'Waits to be trained, asked for',
  failed: 'Training failed',
  cancelled: 'Training cancelled',
  interrupted: 'Training cut off',
};

/** What a model is called: the name of its run, which a person may change. */
export const nameOf = ({ title, model, id }: RunSummary): string => title || model || id;

/** What tells a model from others of its name: "mlp 256-256, seed 0, Backdoor, corner pixel, Glyphs". */
export function aboutOf(
  { imported }: Pick<ModelSummary, 'imported'>,
  { model, seed }: RunSummary,
  { main, dataset }: { main: string; dataset: string },
): string {
  // A model that was trained elsewhere has no seed of ours.
  return [model, ...(imported ? [] : [`seed ${seed}`]), main, dataset].filter(Boolean).join(', ');
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
