import { existsSync } from 'node:fs';
import { describe, fieldsOfPick, type Field } from '../../../shared/schema/describe.ts';
import { asPicked } from '../../../shared/schema/fields.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { trainClassifier } from '../train-classifier.ts';
import { trainDetector } from '../train-detector.ts';
import type { DraftSubject } from './draft-specs.ts';

const detectionFields = describe(trainDetector.params);
const taskFields = detectionFields.filter(({ key }) => key === 'task');
const detectorFields = detectionFields.filter(({ key }) => key === 'detector');

/** Files and folders that a draft names and that are not there. */
export function pathFaults({ draft }: DraftSubject): Fault[] {
  const { classifier, task, detectors } = draft;
  const training = classifier.source === 'train' ? classifier.params : {};
  return [
    ...missingBelow(describe(trainClassifier.params), training, ['classifier', 'params']),
    ...missingBelow(taskFields, { task }, []),
    ...detectors.flatMap((detector, i) =>
      missingBelow(detectorFields, { detector }, []).map(({ path, message }) => ({
        path: ['detectors', String(i), ...path.slice(1)],
        message,
      })),
    ),
  ];
}

function missingBelow(fields: readonly Field[], values: Record<string, unknown>, path: string[]): Fault[] {
  return fields.flatMap((field) => {
    const value = values[field.key];
    const at = [...path, field.key];
    if (field.isPath && typeof value === 'string' && value !== '' && !existsSync(value))
      return [{ path: at, message: `There is no file or folder "${value}" on this machine.` }];
    if (field.type === 'pick') return missingIn(field, value, at);
    if (field.type !== 'pick-record' || typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, picked]) => missingIn(field, picked, [...at, name]));
  });
}

function missingIn(field: Field, value: unknown, path: string[]): Fault[] {
  const picked = asPicked(value);
  if (!picked || !field.registry!.has(picked.name)) return [];
  return missingBelow(fieldsOfPick(field, picked.name), picked, path);
}
