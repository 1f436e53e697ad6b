import { datasetState, downloadBytesOf, sourceOf } from '../../data/dataset-files.ts';
import { datasetTitle } from '../../data/datasets/dataset-title.ts';
import { datasetFacts } from '../../data/datasets/load.ts';
import { poisonKeys } from '../../data/datasets/training-data.ts';
import { createTrigger, triggerRegistry } from '../../data/triggers/index.ts';
import { classifierData, originalDataOf } from '../../tasks/classifier.ts';
import { outlineOf } from '../../models/model-in.ts';
import { misfitsOf } from '../../../shared/misfit.ts';
import { formatBytes, numbered } from '../../../shared/format.ts';
import { describe, type Field } from '../../../shared/schema/describe.ts';
import { paramsOf, type Picked } from '../../../shared/schema/fields.ts';
import { walk } from '../../../shared/schema/walk.ts';
import { toErrorRecord } from '../../../shared/errors.ts';
import { trainClassifier } from '../train-classifier.ts';
import { trainDetector } from '../train-detector.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { draftWatchesClassifier, type DraftSubject } from './draft-specs.ts';
import { draftModel, orNothing, type DraftView } from './draft-view.ts';

/** A definition picked somewhere in a draft. */
interface PickedAt {
  path: string[];
  kind: string;
  picked: Picked;
}

/** Returns all definitions that a draft picks for its data and its task, at any depth, with their paths. */
function picksIn(subject: DraftSubject): PickedAt[] {
  const { classifier, task } = subject.draft;
  const training = classifier.source === 'train' && draftWatchesClassifier(subject) ? classifier.params : {};
  const taskField = describe(trainDetector.params.pick({ task: true }));
  return [
    ...picksBelow(describe(trainClassifier.params), training, ['classifier', 'params']),
    ...picksBelow(taskField, { task }, []),
  ];
}

function picksBelow(fields: readonly Field[], values: Record<string, unknown>, at: readonly string[]): PickedAt[] {
  return [...walk(fields, values, at)].flatMap(({ field, path, picked }) =>
    field.type === 'pick' && picked?.fields
      ? [{ path, kind: field.registry.kind, picked: { ...picked.values, name: picked.id } }]
      : [],
  );
}

/** Returns faults for missing data, triggers that do not fit them, and classes that do not exist. */
export function dataFaults(subject: DraftSubject, dataDir: string, view: DraftView): Fault[] {
  const picks = picksIn(subject);
  return [
    ...picks.filter(({ kind }) => kind === 'dataset').flatMap((pick) => datasetFaults(pick, dataDir)),
    ...picks.filter(({ kind }) => kind === 'trigger').flatMap((pick) => triggerFaults(pick, view)),
  ];
}

function datasetFaults({ path, picked }: PickedAt, dataDir: string): Fault[] {
  const poisons = poisonKeys(picked);
  if (poisons?.original === path.at(-1)) return [{ path, message: 'Must be data that is not poisoned itself.' }];
  const source = sourceOf(picked.name);
  if (source) {
    if (picked['folder'] !== undefined || datasetState(picked.name, dataDir) === 'present') return [];
    const bytes = formatBytes(downloadBytesOf(source));
    const message = `${datasetTitle(picked)} is not on this machine: ${bytes} to download.`;
    return [{ path, message }];
  }
  // Faults of the poisoned data are reported for those data themselves.
  if (poisons) return [];
  try {
    datasetFacts(picked, dataDir);
    return [];
  } catch (error) {
    const { code, message } = toErrorRecord(error);
    return code === 'not-found' || code === 'storage' || code === 'bad-data' ? [{ path, message }] : [];
  }
}

function triggerFaults({ path, picked }: PickedAt, { facts, data }: DraftView): Fault[] {
  if (!facts || !data) return [];
  const { classes, shape } = facts;
  const target = picked['target_class'];
  if (typeof target === 'number' && target >= classes.length) {
    const message = `Must be 0 to ${classes.length - 1}: ${datasetTitle(originalDataOf(data))} has ${numbered(classes.length, 'class', 'classes')}.`;
    return [{ path: [...path, 'target_class'], message }];
  }
  const definition = triggerRegistry.get(picked.name);
  const { name: _, ...params } = picked;
  // What is wrong with single values stands beside their fields.
  if (!paramsOf(definition).safeParse(params).success) return [];
  // Files are read when the run begins, or by the preview.
  if (definition.prepare && picked['picture'] !== undefined) return [];
  try {
    createTrigger(picked, { shape, seed: 0 });
    return [];
  } catch (error) {
    const { code, message } = toErrorRecord(error);
    return code === 'usage' ? [{ path, message }] : [];
  }
}

/** A classifier that is not there, or a network that does not fit its data. */
export function classifierFaults(subject: DraftSubject, { facts }: DraftView): Fault[] {
  const { draft, classifierFolder } = subject;
  if (draft.classifier.source === 'run') {
    if (classifierFolder !== null) {
      const unknown = misfitsOf(['classifier', 'run'], () => classifierData(classifierFolder));
      return unknown.map(({ path, message }) => ({ path: [...path], message }));
    }
    const message = draft.classifier.run === '' ? 'Choose a trained classifier.' : 'This classifier no longer exists.';
    return [{ path: ['classifier', 'run'], message }];
  }
  const model = facts && orNothing(() => draftModel(subject, facts));
  if (!model) return [];
  try {
    void outlineOf(model);
    return [];
  } catch (error) {
    return [{ path: ['classifier', 'params', 'model'], message: toErrorRecord(error).message }];
  }
}
