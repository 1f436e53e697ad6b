import { z } from 'zod';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { misfitsOf, type Misfit } from '../../shared/misfit.ts';
import { optionalPick, type Picked } from '../../shared/schema/fields.ts';
import { explainFaults } from '../../shared/schema/problems.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { trainingData } from '../data/datasets/training-data.ts';
import { readModel, readNetworkSpec } from '../models/files.ts';
import type { Network } from '../models/network.ts';
import { NetworkOutline } from '../models/network-outline.ts';
import { command, worded } from '../../shared/wording.ts';
import { hashFile } from '../storage/content-hash.ts';
import { readSpec, requireRun } from '../storage/run-folder.ts';
import { readTensorFile } from '../storage/tensor-file.ts';
import { isThere, within, type Within } from '../storage/within-folder.ts';

/** What a classifier was or will be trained on. */
export interface ClassifierData {
  folder: string;
  /** Its data before any trigger; left out where that is not known, of a model that was imported. */
  originalData?: Picked;
  /**
   * The trigger in its training data, if any, with what must be known to apply the very same one again; `state` only
   * where it has been trained.
   */
  trigger?: { spec: Picked; state?: TensorMap; seed: number };
}

/** Placeholder for the folder of a classifier that is not trained yet. */
export const plannedClassifier = 'the classifier of this experiment';

/** "The classifier in FOLDER", at the beginning of a sentence. */
export function nameOf({ folder }: ClassifierData): string {
  return folder === plannedClassifier ? 'The classifier of this experiment' : `The classifier in ${folder}`;
}

/** Returns the data that a classifier was trained on, before any trigger. @throws CupbearerError `bad-data` where that is not known. */
export function originalDataOf({ folder, originalData }: ClassifierData): Picked {
  if (originalData) return originalData;
  throw new CupbearerError('bad-data', `It is not known what the model in "${folder}" was trained on.`, {
    hint: worded`State it ${command('by: npx cupbearer models trained-on', 'on the screen Models.')}`,
  });
}

/** The classifier of a task that must know what it was trained on. */
export function unknownTrainingMisfits(classifier: ClassifierData): Misfit[] {
  return misfitsOf(['run_path'], () => originalDataOf(classifier));
}

/** What is known of a classifier that may be trained yet; the network only where its data and architecture determine it. */
export interface KnownClassifier extends ClassifierData {
  network?: NetworkOutline | undefined;
}

/** What is known of a classifier trained by an earlier run without its weights. */
export interface ClassifierOutline extends ClassifierData {
  network: NetworkOutline;
}

const weightsFile = 'model.safetensors';

/** A classifier trained by an earlier run. */
export interface TrainedClassifier extends ClassifierOutline {
  network: Network;
  /** SHA-256 of the weights' file. */
  fingerprint: string;
}

/** Returns where a classifier run stores the state of its trigger. */
export function triggerFile(folder: string): Within {
  return within(folder, 'trigger.safetensors');
}

/** Whether there is a trained classifier in a run folder. */
export function isTrained(folder: string): boolean {
  return isThere(within(folder, weightsFile));
}

/** The fingerprint of the classifier in `runPath` without loading it. @throws CupbearerError `not-found`. */
export function classifierFingerprint(runPath: string): string {
  return hashFile(weightsIn(requireRun(runPath)));
}

function weightsIn(folder: string): Within {
  if (isTrained(folder)) return within(folder, weightsFile);
  throw new CupbearerError('not-found', `There is no trained classifier in "${folder}": it has no ${weightsFile}.`, {
    hint: 'Name the folder of a finished train-classifier run.',
  });
}

/** Reads what a classifier is, without its weights. @throws CupbearerError `not-found` or `bad-data`. */
export function describeClassifier(runPath: string): ClassifierOutline {
  const folder = requireRun(runPath);
  weightsIn(folder);
  return { ...classifierData(folder), network: new NetworkOutline(readNetworkSpec(folder)) };
}

/** Loads model, training data's spec and trigger from a classifier's run folder. */
export function openClassifier(runPath: string): TrainedClassifier {
  const folder = requireRun(runPath);
  const fingerprint = hashFile(weightsIn(folder));
  return { ...classifierData(folder), network: readModel(folder), fingerprint };
}

/** What a spec says of the data that a classifier was trained on. */
const training = z.looseObject({
  train_data: optionalPick(() => datasetRegistry, { label: 'Training data', help: 'What the classifier learned from' }),
});

/** What is known of the data that the classifier in `runPath` was trained on. @throws CupbearerError `not-found` or `bad-data`. */
export function classifierData(runPath: string): ClassifierData {
  const folder = requireRun(runPath);
  const { spec, seed } = readSpec(folder);
  const parsed = training.safeParse(spec);
  if (!parsed.success) {
    const faults = explainFaults(parsed.error.issues, spec);
    throw new CupbearerError('bad-data', `It cannot be read what the model in "${folder}" was trained on. ${faults}`);
  }
  const { train_data: trainData } = parsed.data;
  if (!trainData) return { folder };
  const { original, trigger } = trainingData(trainData);
  if (!trigger) return { folder, originalData: original };
  const { tensors: state } = readTensorFile(triggerFile(folder));
  return { folder, originalData: original, trigger: { spec: trigger, state, seed } };
}
