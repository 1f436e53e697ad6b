import type { z } from 'zod';
import type { DraftCheck } from '../../../shared/domain/draft.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { stepOf } from '../../../shared/domain/wizard-step.ts';
import { valueAt } from '../../../shared/schema/problems.ts';
import { engineIds } from '../../tensor/engine.ts';
import { trainClassifier } from '../train-classifier.ts';
import { trainDetector } from '../train-detector.ts';
import { plannedClassifier, type DraftSubject } from './draft-specs.ts';
import { classifierFaults, dataFaults } from './data-faults.ts';
import { detectorFaults } from './detector-faults.ts';
import { viewDraft } from './draft-view.ts';
import { fieldAt, faultMessage } from './fault-message.ts';
import { pathFaults } from './path-faults.ts';
import { taskFaults } from './task-faults.ts';

/** What is wrong with a draft, in the order of its parts: values by themselves first, then what does not go together. */
export function draftFaults(subject: DraftSubject, dataDir: string): DraftCheck['faults'] {
  const { draft } = subject;
  const faults = [...valueFaults(subject), ...pathFaults(subject), ...togetherFaults(subject, dataDir)];
  if (draft.engine !== 'auto' && !engineIds.includes(draft.engine))
    faults.push({ path: ['engine'], message: `There is no engine "${draft.engine}".` });
  const seen = new Set<string>();
  return faults
    .filter(({ path }) => !seen.has(path.join('/')) && seen.add(path.join('/')))
    .map((fault) => ({ ...fault, step: stepOf(fault.path) }));
}

/** Faults of single values, by the schemas of the experiments. */
function valueFaults({ draft, classifierFolder }: DraftSubject): Fault[] {
  const { classifier, task, detectors, evaluation } = draft;
  const run_path = classifierFolder ?? plannedClassifier;
  const params = trainDetector.params;
  const rest = params.omit({ detector: true, task: true });
  return [
    ...(classifier.source === 'train'
      ? faultsOf(trainClassifier.params, classifier.params, ['classifier', 'params'])
      : []),
    ...faultsOf(params.pick({ task: true }), { task: { ...task, run_path } }, []),
    ...detectors.flatMap((detector, i) =>
      faultsOf(params.pick({ detector: true }), { detector }, ['detectors', String(i)], 1),
    ),
    ...faultsOf(rest, evaluation, ['evaluation']),
  ];
}

function faultsOf(
  schema: z.ZodObject,
  values: Record<string, unknown>,
  prefix: string[],
  /** Keys at the beginning of the issues' paths that the draft does not have. */
  dropped = 0,
): Fault[] {
  const parsed = schema.safeParse(values);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => {
    const path = issue.path.map(String);
    const field = fieldAt(schema, values, path);
    const message = faultMessage(issue, valueAt(values, issue.path), field);
    // A list is one field, whichever of its values is wrong.
    const isList = field?.type === 'integers' || field?.type === 'names';
    const own = isList ? path.slice(0, path.lastIndexOf(field.key) + 1) : path;
    return { path: [...prefix, ...own.slice(dropped)], message };
  });
}

/** What does not go together. Parts whose values are at fault are passed over: there is nothing more to say of them. */
function togetherFaults(subject: DraftSubject, dataDir: string): Fault[] {
  const view = viewDraft(subject);
  return [
    ...classifierFaults(subject, view),
    ...dataFaults(subject, dataDir, view),
    ...taskFaults(view),
    ...detectorFaults(subject.draft, view),
  ];
}
