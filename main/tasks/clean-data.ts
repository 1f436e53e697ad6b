import { CupbearerError } from '../../shared/errors.ts';
import { misfitsOf, refuse, type Misfit } from '../../shared/misfit.ts';
import { optionalPick, requiredPath, type Picked } from '../../shared/schema/fields.ts';
import { classOrder } from '../data/class-order.ts';
import type { Dataset, DatasetContext, DatasetFacts } from '../data/dataset.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { datasetFacts, loadSplit } from '../data/datasets/load.ts';
import { poisonKeys } from '../data/datasets/training-data.ts';
import { withClassesOf } from '../data/transforms/relabelled.ts';
import { attackWithRun } from '../models/attack-with-run.ts';
import { knownModel } from '../models/known-network.ts';
import {
  isTrained,
  nameOf,
  originalDataOf,
  unknownTrainingMisfits,
  type ClassifierData,
  type ClassifierOutline,
  type KnownClassifier,
  type TrainedClassifier,
} from './classifier.ts';
import type { TaskContext } from './task.ts';
import { numbered } from '../../shared/format.ts';

/** Parameters of tasks that watch a classifier on its own kind of data. */
export const classifierParams = {
  run_path: requiredPath({ label: 'Classifier', help: 'Run folder of the classifier to watch' }),
  data: optionalPick(() => datasetRegistry, {
    label: 'Data',
    empty: "The classifier's own",
    help: "Dataset to take the samples from; the classifier's own unless given",
  }),
};

/** What a dataset of a task is loaded with. */
export function loadingContext(context: TaskContext, seed: number): DatasetContext {
  return { ...context, seed, attack: (request) => attackWithRun(request, context.signal) };
}

/** Both halves of the data without trigger and augmentations, with the classes of the classifier. */
export async function loadCleanData(
  classifier: TrainedClassifier,
  { data = originalDataOf(classifier), seed }: { data?: Picked | undefined; seed: number },
  context: TaskContext,
): Promise<{ train: Dataset; test: Dataset }> {
  refuse(poisonMisfits(data));
  const loading = loadingContext(context, seed);
  const train = await loadSplit(data, { train: true, augment: false }, loading);
  const test = await loadSplit(data, { train: false, augment: false }, loading);
  return {
    train: fittedToClassifier(classifier, train, data.name),
    test: fittedToClassifier(classifier, test, data.name),
  };
}

/** What of the data that a task names for itself does not go with the classifier. */
export function cleanDataMisfits(
  { data }: { data?: Picked | undefined },
  classifier: KnownClassifier,
  dataDir: string,
): Misfit[] {
  if (!data) return unknownTrainingMisfits(classifier);
  const poisoned = poisonMisfits(data);
  return poisoned.length > 0 ? poisoned : dataMisfits('data', data, classifier, dataDir);
}

/** Data in which a task's own trigger would meet another one. */
function poisonMisfits(data: Picked): Misfit[] {
  if (!poisonKeys(data)) return [];
  const message = `The data of a task that watches a classifier must not be poisoned itself; got "${data.name}".`;
  return [{ path: ['data'], message }];
}

/** Data of the folder `dataDir`, named by the parameter `key`, that the classifier cannot take or whose classes it does not know. */
export function dataMisfits(
  key: string,
  data: Picked | undefined,
  classifier: KnownClassifier,
  dataDir: string,
): Misfit[] {
  const { outline } = classifier;
  if (!data || !outline) return [];
  return misfitsOf([key], () =>
    checkFitsClassifier({ ...classifier, outline }, datasetFacts(data, dataDir), data.name),
  );
}

/** Loads the test half for previews: of the task's own data, otherwise of what the classifier is trained on. */
export async function loadPreviewData(
  classifier: ClassifierData,
  { data = originalDataOf(classifier), seed }: { data?: Picked | undefined; seed: number },
  context: TaskContext,
): Promise<Dataset> {
  const test = await loadSplit(data, { train: false, augment: false }, loadingContext(context, seed));
  const known = isTrained(classifier.folder) ? knownModel(classifier.folder) : null;
  return known ? withClassesOf(test, known.classes, data.name) : test;
}

/**
 * The data with labels that are numbers of the classifier's classes, matched by name.
 * @throws CupbearerError `usage` if the classifier cannot take the samples or knows other classes.
 */
export function fittedToClassifier(classifier: ClassifierOutline, data: Dataset, name: string): Dataset {
  checkFitsClassifier(classifier, data, name);
  return withClassesOf(data, classifier.outline.classes, name);
}

/** @throws CupbearerError `usage` if the classifier cannot take the samples or knows other classes. */
export function checkFitsClassifier(classifier: ClassifierOutline, data: DatasetFacts, name: string): void {
  const { inputShape, classes } = classifier.outline;
  if (inputShape.join() === data.shape.join() && classes.length === data.classes.length) {
    classOrder(data.classes, classes, name);
    return;
  }
  throw new CupbearerError(
    'usage',
    `${nameOf(classifier)} takes inputs of shape ${inputShape.join(' x ')} in ${numbered(classes.length, 'class', 'classes')}; the data "${name}" has ${data.shape.join(' x ')} in ${data.classes.length}.`,
  );
}
