import { z } from 'zod';
import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import { parseParams, type Picked } from '../../../shared/schema/fields.ts';
import { classifierData, plannedClassifier, type ClassifierData } from '../../tasks/classifier.ts';
import { trainClassifier } from '../train-classifier.ts';
import { trainDetector } from '../train-detector.ts';

/** A draft with the run folder of its classifier; null where one is to be trained. */
export interface DraftSubject {
  draft: ExperimentDraft;
  classifierFolder: string | null;
}

const classifierParams = trainClassifier.params;
const detectorParams = trainDetector.params;
const part = (params: z.ZodObject, key: string) => params.shape[key] as z.ZodType;

/** The spec of the classifier that a draft trains. @throws CupbearerError `usage`. */
export function draftClassifierSpec({ classifier }: ExperimentDraft): Record<string, unknown> {
  return parseParams(classifierParams, classifier.source === 'train' ? classifier.params : {});
}

/** The architecture of the classifier that a draft trains. @throws CupbearerError `usage`. */
export function draftArchitecture({ classifier }: ExperimentDraft): Picked {
  const { model } = classifier.source === 'train' ? classifier.params : {};
  return parseParams(part(classifierParams, 'model'), model) as Picked;
}

/** The task of a draft with its classifier in it. @throws CupbearerError `usage`. */
export function draftTask({ draft, classifierFolder }: DraftSubject): Picked {
  const task = { ...draft.task, run_path: classifierFolder ?? plannedClassifier };
  return parseParams(part(detectorParams, 'task'), task) as Picked;
}

/** One of a draft's detectors. @throws CupbearerError `usage`. */
export function draftDetector(detector: Picked): Picked {
  return parseParams(part(detectorParams, 'detector'), detector) as Picked;
}

/** What would be asked of train-detector, one a detector, not parsed yet. */
export function draftDetectorRequests({ draft, classifierFolder }: DraftSubject): Record<string, unknown>[] {
  const task = { ...draft.task, run_path: classifierFolder ?? plannedClassifier };
  return draft.detectors.map((detector) => ({ ...draft.evaluation, detector, task }));
}

/** The specs of a draft's detectors, in order. @throws CupbearerError `usage`. */
export function draftDetectorSpecs(subject: DraftSubject): Record<string, unknown>[] {
  return draftDetectorRequests(subject).map((request) => parseParams(detectorParams, request));
}

const training = z.looseObject({
  train_data: part(classifierParams, 'train_data'),
  seed: part(classifierParams, 'seed'),
});

/** What a draft's classifier is or will be trained on. @throws CupbearerError `usage`, `not-found`, `bad-data`. */
export function draftClassifierData({ draft, classifierFolder }: DraftSubject): ClassifierData {
  if (classifierFolder !== null) return classifierData(classifierFolder);
  const params = draft.classifier.source === 'train' ? draft.classifier.params : {};
  const { train_data, seed } = parseParams(training, params) as { train_data: Picked; seed: number };
  const folder = plannedClassifier;
  if (train_data.name !== 'backdoor') return { folder, originalData: train_data };
  const trigger = { spec: train_data['backdoor'] as Picked, seed };
  return { folder, originalData: train_data['original'] as Picked, trigger };
}
