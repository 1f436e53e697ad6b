import { existsSync } from 'node:fs';
import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import { describe } from '../../../shared/schema/describe.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { pathsIn, type PathAt } from '../paths.ts';
import { trainClassifier } from '../train-classifier.ts';
import { trainDetector } from '../train-detector.ts';
import { draftWatchesClassifier, type DraftSubject } from './draft-specs.ts';

const detectionFields = describe(trainDetector.params);
const taskFields = detectionFields.filter(({ key }) => key === 'task');
const detectorFields = detectionFields.filter(({ key }) => key === 'detector');
const evaluationFields = detectionFields.filter(({ key }) => key !== 'task' && key !== 'detector');

/** Returns the files and folders that a plain draft names. */
export function pathsInDraft({ classifier, task, detectors, evaluation }: ExperimentDraft): PathAt[] {
  const training = classifier.source === 'train' ? classifier.params : {};
  return [
    ...pathsIn(describe(trainClassifier.params), training, ['classifier', 'params']),
    ...pathsIn(taskFields, { task }),
    ...detectors.flatMap((detector, i) =>
      pathsIn(detectorFields, { detector }).map(({ at, path }) => ({
        at: ['detectors', String(i), ...at.slice(1)],
        path,
      })),
    ),
    ...pathsIn(evaluationFields, evaluation, ['evaluation']),
  ];
}

/** Files and folders that a draft names and that are not there; those of a classifier that its task does not watch do not count. */
export function pathFaults(subject: DraftSubject): Fault[] {
  return pathsInDraft(subject.draft)
    .filter(({ at: [part] }) => part !== 'classifier' || draftWatchesClassifier(subject))
    .filter(({ path }) => !existsSync(path))
    .map(({ at, path }) => ({ path: at, message: `There is no file or folder "${path}" on this machine.` }));
}
