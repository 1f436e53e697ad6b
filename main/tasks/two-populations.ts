import type { Dataset } from '../data/dataset.ts';
import { loadSplit } from '../data/datasets/load.ts';
import { openClassifier, originalDataOf, type ClassifierData } from './classifier.ts';
import { checkFitsClassifier, loadingContext } from './clean-data.ts';
import type { SplitParams } from './split-params.ts';
import { assembleParts, split } from './splits.ts';
import type { Task, TaskContext, TaskPreview } from './task.ts';

/** The parameters that distinguish the data of a half and a kind from the classifier's own. */
export type Populations = (half: 'train' | 'test', kind: 'clean' | 'anomalous') => Record<string, unknown>;

/**
 * A task whose clean and anomalous samples are the classifier's own kind of data with different parameters. Where one
 * pool of sums or numbers serves both, no index is used twice.
 */
export async function twoPopulations(
  params: SplitParams & { run_path: string },
  populations: Populations,
  context: TaskContext,
): Promise<Task> {
  const classifier = openClassifier(params.run_path);
  const load = loader(classifier, params.seed, populations, context);
  const pool = async (half: 'train' | 'test') => ({
    clean: await load(half, 'clean'),
    anomalous: await load(half, 'anomalous'),
  });
  const [train, test] = [await pool('train'), await pool('test')];
  checkFitsClassifier(classifier, train.clean, originalDataOf(classifier).name);
  const chosen = split({ clean: train.clean.length }, { clean: test.clean.length }, params);
  return {
    source: classifier.source,
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

/** Some of both populations of the test half, for people to look at. */
export async function previewPopulations(
  classifier: ClassifierData,
  { seed }: { seed: number },
  populations: Populations,
  context: TaskContext,
): Promise<TaskPreview> {
  const load = loader(classifier, seed, populations, context);
  return { clean: await load('test', 'clean'), changed: await load('test', 'anomalous') };
}

function loader(classifier: ClassifierData, seed: number, populations: Populations, context: TaskContext) {
  const loading = loadingContext(context, seed);
  return (half: 'train' | 'test', kind: 'clean' | 'anomalous'): Promise<Dataset> =>
    loadSplit(
      { ...originalDataOf(classifier), ...populations(half, kind) },
      { train: half === 'train', augment: false },
      loading,
    );
}
