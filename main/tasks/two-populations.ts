import { CupbearerError } from '../../shared/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { loadSplit } from '../data/datasets/load.ts';
import { openClassifier, type ClassifierOutline } from './classifier.ts';
import { checkFitsClassifier, loadingContext } from './clean-data.ts';
import { assembleParts, split, type SplitParams } from './splits.ts';
import type { Task, TaskContext } from './task.ts';

/** @throws CupbearerError `usage` where the classifier was trained on another dataset than `id`; `command` trains one. */
export function checkTrainedOn({ originalData, folder }: ClassifierOutline, id: string, command: string): void {
  if (originalData.name === id) return;
  throw new CupbearerError(
    'usage',
    `Expected a classifier trained on ${id}; the one in ${folder} was trained on ${originalData.name}.`,
    { hint: `Train one with: npx cupbearer ${command}` },
  );
}

/**
 * A task whose clean and anomalous samples are the classifier's own kind of data with different parameters: `paramsOf`
 * gives those of a half and a kind. Where one pool of sums or numbers serves both, no index is used twice.
 */
export async function twoPopulations(
  params: SplitParams & { run_path: string },
  paramsOf: (half: 'train' | 'test', kind: 'clean' | 'anomalous') => Record<string, unknown>,
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
