import { z } from 'zod';
import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import { asPicked, parseParams, type Picked } from '../../../shared/schema/fields.ts';
import { given } from '../../../shared/given.ts';
import type { PickedDetector } from '../../detectors/detector.ts';
import type { PickedTask } from '../../tasks/common-params.ts';
import { taskRegistry } from '../../tasks/index.ts';
import type { Recorded } from '../../tasks/task.ts';
import { watchesClassifier } from '../../tasks/outline.ts';
import { classifierData, plannedClassifier, type ClassifierData } from '../../tasks/classifier.ts';
import { trainingData } from '../../data/datasets/training-data.ts';
import { trainClassifierParams } from '../classifier-spec.ts';
import { trainDetectorParams } from '../detector-params.ts';
import { parseSpec } from '../index.ts';
import type { ParsedSpec } from '../parsed-spec.ts';

/** A plain draft (`plain-draft.ts`) with the run folder of its classifier; null if one is to be trained. */
export interface DraftSubject {
  draft: ExperimentDraft;
  classifierFolder: string | null;
  /** What was recorded for its task, where that brings its activations along and they are known. */
  recorded?: Recorded | undefined;
}

const { model, train_data, seed } = trainClassifierParams.shape;
const { detector, task } = trainDetectorParams.shape;

/** The spec of the classifier that a draft trains. @throws CupbearerError `usage`. */
export function draftClassifierSpec({ classifier }: ExperimentDraft): ParsedSpec<'classifier'> {
  return parseSpec('classifier', classifier.source === 'train' ? classifier.params : {});
}

/** The architecture of the classifier that a draft trains. @throws CupbearerError `usage`. */
export function draftArchitecture({ classifier }: ExperimentDraft): Picked {
  const params = classifier.source === 'train' ? classifier.params : {};
  return parseParams(model, params['model']);
}

/** The task of a draft with its classifier in it, where it watches one, as it was written. */
export function draftTaskValues({ draft, classifierFolder }: DraftSubject): Picked {
  const watched = draftWatchesClassifier({ draft }) ? { run_path: classifierFolder ?? plannedClassifier } : {};
  return { ...draft.task, ...watched };
}

/** The task of a draft with its classifier in it, where it watches one. @throws CupbearerError `usage`. */
export function draftTask(subject: DraftSubject): PickedTask {
  return parseParams(task, draftTaskValues(subject));
}

/** Whether the task of this name watches a classifier; one that is not known counts as if it did. */
export const watches = (name: string): boolean => !taskRegistry.has(name) || watchesClassifier(name);

/** Whether a draft's task watches a classifier; one that is not valid counts as if it did. */
export function draftWatchesClassifier({ draft }: Pick<DraftSubject, 'draft'>): boolean {
  return watches(asPicked(draft.task)?.name ?? '');
}

/** Whether a draft trains a classifier for its task. */
export function draftTrains(subject: Pick<DraftSubject, 'draft' | 'classifierFolder'>): boolean {
  return subject.classifierFolder === null && draftWatchesClassifier(subject);
}

/** One of a draft's detectors. @throws CupbearerError `usage`. */
export function draftDetector(picked: Picked): PickedDetector {
  return parseParams(detector, picked);
}

/**
 * The specs of a draft's detectors, in order, on the classifier in a folder, where its task watches one. @throws CupbearerError
 * `usage`.
 */
export function draftDetectorSpecs(subject: Omit<DraftSubject, 'recorded'>): ParsedSpec<'detector'>[] {
  const { draft } = subject;
  const own = draftTaskValues(subject);
  return draft.detectors.map((picked) => parseSpec('detector', { ...draft.evaluation, detector: picked, task: own }));
}

const training = z.looseObject({ train_data, seed });

/**
 * Returns what a draft's classifier is or will be trained on. @throws CupbearerError `usage`, `not-found`, `bad-data`.
 */
export function draftClassifierData({ draft, classifierFolder }: DraftSubject): ClassifierData {
  if (classifierFolder !== null) return classifierData(classifierFolder);
  const params = draft.classifier.source === 'train' ? draft.classifier.params : {};
  const { train_data: trainData, seed } = parseParams(training, params);
  const { original, trigger } = trainingData(trainData);
  const folder = plannedClassifier;
  return { folder, originalData: original, ...given({ trigger: trigger && { spec: trigger, seed } }) };
}
