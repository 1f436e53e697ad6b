import { CupbearerError } from '../../shared/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { loadSplit } from '../data/datasets/load.ts';
import { openClassifier, type ClassifierData } from './classifier.ts';
import { checkFitsClassifier, loadingContext } from './clean-data.ts';
import { assembleParts, split, type SplitParams } from './splits.ts';
import type { Task, TaskContext, TaskPreview } from './task.ts';

/** @throws CupbearerError `usage` where the classifier was trained on another dataset than `id`; `command` trains one. */
export function checkTrainedOn({ originalData, folder }: ClassifierData, id: string, command: string): void {
  if (originalData.name === id) return;
  throw new CupbearerError(
    'usage',
    `Expected a classifier trained on ${id}; the one in ${folder} was trained on ${originalData.name}.`,
    { hint: `Train one with: npx cupbearer ${command}` },
  );
}

/** What the clean and the anomalous samples of the training half look like, with parameters as {@link twoPopulations} gets. */
export async function previewPopulations(
  { seed }: SplitParams,
  { originalData }: ClassifierData,
  paramsOf: PopulationParams,
  context: TaskContext,
): Promise<TaskPreview> {
  const load = (kind: 'clean' | 'anomalous') =>
    loadSplit(
      { ...originalData, ...paramsOf('train', kind) },
      { train: true, augment: false },
      loadingContext(context, seed),
    );
  return { clean: await load('clean'), changed: await load('anomalous') };
}

type PopulationParams = (half: 'train' | 'test', kind: 'clean' | 'anomalous') => Record<string, unknown>;

/**
 * A task whose clean and anomalous samples are the classifier's own kind of data with different parameters: `paramsOf`
 * gives those of a half and a kind. Where one pool of sums or numbers serves both, no index is used twice.
 */
export async function twoPopulations(
  params: SplitParams & { run_path: string },
  paramsOf: PopulationParams,
  context: TaskContext,
): Promise<Task> {
  const classifier = openClassifier(params.run_path);
  const loading = loadingContext(context, params.seed);
  const load = async (half: 'train' | 'test', kind: 'clean' | 'anomalous'): Promise<Dataset> => {
    const data = { ...classifier.originalData, ...paramsOf(half, kind) };
    const dataset = await loadSplit(data, { train: half === 'train', augment: false }, loading);
    checkFitsClassifier(classifier, dataset, data.name);
    return dataset;
  };
  const pool = async (half: 'train' | 'test') => ({
    clean: await load(half, 'clean'),
    anomalous: await load(half, 'anomalous'),
  });
  const [train, test] = [await pool('train'), await pool('test')];
  const chosen = split({ clean: train.clean.length }, { clean: test.clean.length }, params);
  return {
    network: classifier.network,
    ...assembleParts(train, test, chosen, params),
    parents: [classifier.folder],
    fingerprints: {
      model: classifier.fingerprint,
      trusted: train.clean.fingerprint,
      test_clean: test.clean.fingerprint,
      test_anomalous: test.anomalous.fingerprint,
    },
  };
}
