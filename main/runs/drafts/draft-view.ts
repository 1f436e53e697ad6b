import type { DatasetFacts } from '../../data/dataset.ts';
import { datasetFacts } from '../../data/datasets/load.ts';
import type { SourceOutline } from '../../models/activation-source.ts';
import { outlineOf, readModelDescription, type ModelDescription } from '../../models/model-in.ts';
import { specFor } from '../../models/network-outline.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { originalDataOf, type ClassifierData } from '../../tasks/classifier.ts';
import type { PickedTask } from '../../tasks/common-params.ts';
import {
  draftArchitecture,
  draftClassifierData,
  draftTask,
  draftWatchesClassifier,
  type DraftSubject,
} from './draft-specs.ts';

/** What is known about a draft without loading any data; each part only if the draft determines it. */
export interface DraftView {
  data: ClassifierData | undefined;
  facts: DatasetFacts | undefined;
  /** What `model.json` says of its classifier, or will say. */
  model: ModelDescription | undefined;
  /** The model, or what was recorded of one. */
  source: SourceOutline | undefined;
  task: PickedTask | undefined;
  /** Test samples, where the task brings them along. */
  recordedTests?: number | undefined;
}

/** Looks at a draft that may have faults, whose data lie in `dataDir`. */
export function viewDraft(subject: DraftSubject, dataDir: string): DraftView {
  const task = orNothing(() => draftTask(subject));
  if (!draftWatchesClassifier(subject)) {
    const { source, testSize: recordedTests } = subject.recorded ?? {};
    return { data: undefined, facts: undefined, model: undefined, source, task, recordedTests };
  }
  const data = orNothing(() => draftClassifierData(subject));
  const facts = data && orNothing(() => datasetFacts(originalDataOf(data), dataDir));
  const model = orNothing(() => draftModel(subject, facts));
  const source = model && orNothing(() => outlineOf(model));
  return { data, facts, model: source && model, source, task };
}

/** The model that a draft's classifier is or will be. @throws CupbearerError `usage`, `not-found`, `bad-data`. */
export function draftModel(
  { draft, classifierFolder }: DraftSubject,
  facts: DatasetFacts | undefined,
): ModelDescription {
  if (classifierFolder !== null) return readModelDescription(classifierFolder);
  if (!facts) throw new CupbearerError('usage', 'The network depends on the training data, which are not chosen yet.');
  return { network: specFor(draftArchitecture(draft), facts) };
}

/** Returns what `find` returns; undefined if what it needs is invalid. */
export function orNothing<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof CupbearerError) return undefined;
    throw error;
  }
}

/** The model of a draft. @throws CupbearerError `usage`, `not-found`, `bad-data` that says what it lacks. */
export function requireModel(subject: DraftSubject, dataDir: string): ModelDescription {
  if (subject.classifierFolder !== null) return draftModel(subject, undefined);
  return draftModel(subject, datasetFacts(originalDataOf(draftClassifierData(subject)), dataDir));
}
