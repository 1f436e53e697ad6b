import { z } from 'zod';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { misfitsOf, refuse, type Misfit } from '../../shared/misfit.ts';
import { optionalPick, type Picked } from '../../shared/schema/fields.ts';
import { explainFaults } from '../../shared/schema/problems.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { trainingData } from '../data/datasets/training-data.ts';
import type { ActivationSource, SourceOutline } from '../models/activation-source.ts';
import { hasModel, modelFingerprint, openModel, outlineOf, readModelDescription } from '../models/model-in.ts';
import type { Network } from '../models/network.ts';
import { command, worded } from '../../shared/wording.ts';
import { readSpec, requireRun } from '../storage/run-folder.ts';
import { readTensorFile } from '../storage/tensor-file.ts';
import { within, type Within } from '../storage/within-folder.ts';

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

/** What is known of a classifier that may be trained yet; its outline only where its data and architecture determine it. */
export interface KnownClassifier extends ClassifierData {
  outline?: SourceOutline | undefined;
}

/** What is known of a classifier trained by an earlier run without its weights. */
export interface ClassifierOutline extends ClassifierData {
  outline: SourceOutline;
}

/** A classifier trained by an earlier run. */
export interface TrainedClassifier extends ClassifierOutline {
  /** The model at work. */
  source: ActivationSource;
  /** SHA-256 of what it computes with: the weights' file, or a graph and its description. */
  fingerprint: string;
}

/** Refuses what takes gradients of a classifier that gives none. */
export function gradientMisfits({ outline }: KnownClassifier): Misfit[] {
  if (!outline || outline.network) return [];
  return [
    {
      path: ['run_path'],
      message: 'The attack needs gradients of the classifier, which is an ONNX graph and gives none.',
      hint: 'Take a classifier of this program, or one imported with model.safetensors.',
    },
  ];
}

/** The network of a classifier, to take gradients of. @throws CupbearerError `usage` if it is an ONNX graph. */
export function networkOf({ source, ...classifier }: TrainedClassifier): Network {
  if (source.network) return source.network;
  refuse(gradientMisfits(classifier));
  throw new CupbearerError('internal', 'A classifier without a network was not refused.');
}

/** Returns where a classifier run stores the state of its trigger. */
export function triggerFile(folder: string): Within {
  return within(folder, 'trigger.safetensors');
}

/** Whether there is a trained classifier in a run folder. */
export function isTrained(folder: string): boolean {
  return hasModel(folder);
}

/** The fingerprint of the classifier in `runPath` without loading it. @throws CupbearerError `not-found`. */
export function classifierFingerprint(runPath: string): string {
  return modelFingerprint(trainedIn(runPath));
}

/** The folder of a run with a trained classifier. @throws CupbearerError `not-found`. */
function trainedIn(runPath: string): string {
  const folder = requireRun(runPath);
  if (isTrained(folder)) return folder;
  throw new CupbearerError('not-found', `There is no trained classifier in "${folder}": it has no model.safetensors.`, {
    hint: 'Name the folder of a finished train-classifier run.',
  });
}

/** Reads what a classifier is, without its weights. @throws CupbearerError `not-found` or `bad-data`. */
export function describeClassifier(runPath: string): ClassifierOutline {
  const folder = trainedIn(runPath);
  return { ...classifierData(folder), outline: outlineOf(readModelDescription(folder)) };
}

/**
 * Loads model, training data's spec and trigger from a classifier's run folder.
 * @throws CupbearerError `not-found`, `bad-data`; `engine` for an ONNX graph without ONNX Runtime.
 */
export function openClassifier(runPath: string): TrainedClassifier {
  const folder = trainedIn(runPath);
  const fingerprint = modelFingerprint(folder);
  const source = openModel(folder);
  return { ...classifierData(folder), outline: source, source, fingerprint };
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
