import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import { mostSweepValues } from '../../../shared/domain/draft.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { sweepsIn } from '../../../shared/draft-parts.ts';
import { formatParameter } from '../../../shared/format.ts';
import { trainClassifier } from '../train-classifier.ts';
import { trainDetector } from '../train-detector.ts';
import { valueFaults } from './draft-faults.ts';
import type { DraftSubject } from './draft-specs.ts';
import { fieldAt } from './fault-message.ts';
import type { Field } from '../../../shared/schema/describe.ts';
import { plainDraft } from './plain-draft.ts';

/** Types of the parameters that may take several values. */
const sweepable: readonly Field['type'][] = ['integer', 'number', 'choice'];

/** Faults of parameters that take several values, in the open task and classifier, detectors and evaluation of a draft. */
export function sweepFaults(draft: ExperimentDraft, { classifierFolder }: DraftSubject): Fault[] {
  const { classifier, task, detectors, evaluation } = draft;
  return [...sweepsIn({ classifier, task, detectors, evaluation })].flatMap(({ path, sweep: { sweep } }): Fault[] => {
    const field = fieldOf(draft, path);
    if (!field || !sweepable.includes(field.type) || field.key === 'seed')
      return [{ path, message: 'Takes one value: only numbers and choices can be swept.' }];
    if (sweep.length === 0) return [{ path, message: 'Needs at least one value.' }];
    if (sweep.length > mostSweepValues) return [{ path, message: `Takes at most ${mostSweepValues} values.` }];
    if (new Set(sweep).size < sweep.length) return [{ path, message: 'Has the same value twice.' }];
    for (const value of sweep) {
      const one = plainDraft(withValue(draft, path, value));
      const fault = valueFaults({ draft: one, classifierFolder }).find(
        (each) => each.path.join('/') === path.join('/'),
      );
      if (fault) return [{ path, message: `${formatParameter(value)}: ${fault.message}` }];
    }
    return [];
  });
}

/** The parameter at a path of a draft. */
function fieldOf(draft: ExperimentDraft, [part, ...rest]: readonly string[]): Field | undefined {
  const { classifier, task, detectors, evaluation } = plainDraft(draft);
  if (part === 'classifier')
    return classifier.source === 'train'
      ? fieldAt(trainClassifier.params, classifier.params, rest.slice(1))
      : undefined;
  if (part === 'task') return fieldAt(trainDetector.params, { task }, ['task', ...rest]);
  if (part === 'detectors')
    return fieldAt(trainDetector.params, { detector: detectors[Number(rest[0])] }, ['detector', ...rest.slice(1)]);
  return fieldAt(trainDetector.params, evaluation, rest);
}

function withValue(draft: ExperimentDraft, path: readonly string[], value: unknown): ExperimentDraft {
  return changed(draft, path, value) as ExperimentDraft;
}

function changed(root: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(root))
    return root.map((part: unknown, i) => (String(i) === key ? changed(part, rest, value) : part));
  const values = root as Record<string, unknown>;
  return { ...values, [key]: changed(values[key], rest, value) };
}
