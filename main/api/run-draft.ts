import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import type { RunRecord } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { detectorSpec } from '../experiments/detection.ts';
import type { Catalogue } from '../storage/catalogue.ts';

/**
 * The draft that would do an earlier run again. A classifier is trained again; a detector's or evaluation's draft takes the
 * classifier of that run as it is, so that only what is changed has to be computed.
 * @throws CupbearerError `not-found` where there is no such run, or where the detector of an evaluation has gone; `conflict`
 * for a model of which nobody has said what it was trained on.
 */
export function draftFromRun(catalogue: Catalogue, id: string): ExperimentDraft {
  const run = catalogue.get(id);
  const common = { preset: '', engine: run.engine ?? 'auto', tags: run.tags };
  if (run.kind === 'classifier') {
    if (run.spec['train_data'] === undefined)
      throw new CupbearerError('conflict', 'This model was imported without word of what it was trained on.', {
        hint: 'Say it on the screen "Models" first.',
      });
    return {
      ...common,
      classifier: { source: 'train', params: run.spec },
      task: defaultTask(run.spec),
      detectors: [{ name: 'mahalanobis' }],
      evaluation: {},
    };
  }
  const { detector, task, ...evaluation } = run.spec as { detector: Picked; task: Picked };
  const { run_path, ...own } = task;
  return {
    ...common,
    classifier: classifierOf(catalogue, run, run_path),
    task: own,
    detectors: [run.kind === 'evaluation' ? detectorSpec(detector['path'] as string) : detector],
    evaluation,
  };
}

/** The task that shows most of a classifier: its own backdoor, or what it is trained on. */
function defaultTask({ train_data }: Record<string, unknown>): Picked {
  const { name } = train_data as Picked;
  if (name === 'toy-features') return { name };
  if (name === 'arithmetic') return { name: 'quirky-arithmetic' };
  return { name: name === 'backdoor' ? 'backdoor' : 'adversarial-examples' };
}

function classifierOf(catalogue: Catalogue, run: RunRecord, runPath: unknown): ExperimentDraft['classifier'] {
  const known = typeof runPath === 'string' ? catalogue.byFolder(runPath) : undefined;
  const id = known?.id ?? run.parents.find((parent) => isClassifier(catalogue, parent));
  return { source: 'run', run: id ?? '' };
}

function isClassifier(catalogue: Catalogue, id: string): boolean {
  try {
    return catalogue.get(id).kind === 'classifier';
  } catch (error) {
    if (error instanceof CupbearerError && error.code === 'not-found') return false;
    throw error;
  }
}
