import { mostTagCharacters, mostTags, type ExperimentDraft } from '../../../shared/domain/draft.ts';
import { proposedTask } from '../../../shared/training-data.ts';
import { trainingData } from '../../data/datasets/training-data.ts';
import { readDetectorSpec } from '../../runs/detector-file.ts';
import { fittedDetectorFolder } from '../../runs/fitted-detector.ts';
import { notRepeatable, trainingUnknown } from '../../runs/stored-spec.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { watchesClassifier } from '../../tasks/outline.ts';
import { engineIds } from '../../tensor/engine.ts';
import { readRun } from '../runs/read-run.ts';

/**
 * Returns the draft that would repeat an earlier run. A classifier is trained again; the draft of a detector or an
 * evaluation uses that run's classifier as it is, so that only what is changed has to be computed. Leaves out tags that
 * a draft cannot hold and an engine that this version does not have.
 * @throws CupbearerError `not-found` if there is no such run, or the detector of an evaluation has gone; `conflict`
 * for a model whose training data are not stated; `bad-data` if row, spec or detector are not valid.
 */
export function draftFromRun(catalogue: Catalogue, id: string): ExperimentDraft {
  const run = catalogue.get(id);
  const { spec } = readRun(run);
  if (spec.fault !== null) throw notRepeatable(spec.fault);
  const common = {
    preset: '',
    engine: run.engine !== null && engineIds.includes(run.engine) ? run.engine : 'auto',
    tags: run.tags.filter((tag) => tag.length <= mostTagCharacters).slice(0, mostTags),
  };
  if (spec.kind === 'classifier') {
    const { train_data: data } = spec.sound;
    if (!data) throw trainingUnknown();
    return {
      ...common,
      classifier: { source: 'train', params: { ...spec.sound } },
      task: { name: proposedTask(taskRegistry.definitions, trainingData(data)).id },
      detectors: [{ name: 'mahalanobis' }],
      evaluation: {},
    };
  }
  const { detector, task, ...evaluation } = spec.sound;
  const { run_path, ...own } = task;
  return {
    ...common,
    classifier: watchesClassifier(task.name) ? classifierOf(catalogue, run, run_path) : { source: 'train', params: {} },
    task: own,
    detectors: [spec.kind === 'evaluation' ? readDetectorSpec(fittedDetectorFolder(detector)) : detector],
    evaluation,
  };
}

function classifierOf(catalogue: Catalogue, run: CatalogueRun, runPath: unknown): ExperimentDraft['classifier'] {
  const known = typeof runPath === 'string' ? catalogue.byFolder(runPath) : undefined;
  const id = known?.id ?? run.parents.find((parent) => catalogue.find(parent)?.kind === 'classifier');
  return { source: 'run', run: id ?? '' };
}
