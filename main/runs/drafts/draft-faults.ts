import type { z } from 'zod';
import type { DraftCheck } from '../../../shared/domain/draft.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { below, type Misfit } from '../../../shared/misfit.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { stepOf } from '../../../shared/domain/wizard-step.ts';
import { valueAt } from '../../../shared/schema/problems.ts';
import { engineIds } from '../../tensor/engine.ts';
import { taskMisfits } from '../../tasks/outline.ts';
import { parameterLabel } from '../parameter-label.ts';
import { trainClassifier } from '../train-classifier.ts';
import { trainDetector } from '../train-detector.ts';
import { draftTaskValues, draftWatchesClassifier, type DraftSubject } from './draft-specs.ts';
import { classifierFaults, dataFaults } from './data-faults.ts';
import { detectorMisfits } from './detector-misfits.ts';
import { viewDraft } from './draft-view.ts';
import { fieldAt, faultMessage, misfitMessage } from './fault-message.ts';
import { pathFaults } from './path-faults.ts';

/**
 * Returns the faults of a draft in the order of its parts: those known already, those of single values, then parts that
 * do not fit together. Each part has at most one fault, the first.
 */
export function draftFaults(
  subject: DraftSubject,
  dataDir: string,
  known: readonly Fault[] = [],
): DraftCheck['faults'] {
  const { draft } = subject;
  const faults = [...known, ...valueFaults(subject), ...togetherFaults(subject, dataDir), ...pathFaults(subject)];
  if (draft.engine !== 'auto' && !engineIds.includes(draft.engine))
    faults.push({ path: ['engine'], message: `There is no engine "${draft.engine}".` });
  const seen = new Set<string>();
  return faults
    .filter(({ path }) => !seen.has(path.join('/')) && seen.add(path.join('/')))
    .map((fault) => ({ ...fault, step: stepOf(fault.path), label: labelInDraft(fault.path) }));
}

/** What the field at a place of a draft is called. */
export function labelInDraft([part = '', ...rest]: readonly string[]): string {
  if (part === 'classifier' && rest[0] === 'run') return 'Classifier';
  if (part === 'detectors' && rest.length === 0) return 'Detectors';
  if (part === 'fitted') return 'Fitted detector';
  if (part === 'layers') return 'Layers for all';
  if (part === 'otherTasks') return `Task ${Number(rest[0]) + 1}`;
  if (part === 'otherClassifiers') return `Model ${Number(rest[0]) + 1}`;
  const inSpec = { classifier: rest.slice(1), detectors: ['detector', ...rest.slice(1)], evaluation: rest }[part];
  const path = inSpec ?? [part, ...rest];
  return parameterLabel(path.at(-1) === 'name' ? path.slice(0, -1) : path);
}

/** Faults of single values, by the schemas of the experiments. */
export function valueFaults(subject: DraftSubject): Fault[] {
  const { classifier, detectors, evaluation } = subject.draft;
  const params = trainDetector.params;
  const rest = params.omit({ detector: true, task: true });
  return [
    ...(classifier.source === 'train' && draftWatchesClassifier(subject)
      ? faultsOf(trainClassifier.params, classifier.params, ['classifier', 'params'])
      : []),
    ...faultsOf(params.pick({ task: true }), { task: draftTaskValues(subject) }, []),
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

/** Returns what does not fit together. Skips parts with invalid values, which have a fault already. */
function togetherFaults(subject: DraftSubject, dataDir: string): Fault[] {
  const view = viewDraft(subject, dataDir);
  const { draft } = subject;
  const { task, data, source: outline } = view;
  const asFault = (misfit: Misfit, detector?: Picked): Fault => ({
    path: misfit.path.join('.') === 'task.run_path' ? ['classifier', 'run'] : [...misfit.path],
    message: misfitMessage(misfit, { task: draft.task, ...(detector ? { detector } : {}) }),
  });
  return [
    ...(draftWatchesClassifier(subject) ? classifierFaults(subject, view) : []),
    // Before what is to be downloaded: nobody should fetch what does not fit.
    ...(task ? below('task', taskMisfits(task, data && { ...data, outline }, dataDir)) : []).map((misfit) =>
      asFault(misfit),
    ),
    ...dataFaults(subject, dataDir, view),
    ...(draft.detectors.length + (draft.fitted?.length ?? 0) === 0
      ? [{ path: ['detectors'], message: 'Choose at least one detector.' }]
      : []),
    ...draft.detectors.flatMap((detector, i) =>
      below('detectors', below(String(i), detectorMisfits(detector, view))).map((misfit) => asFault(misfit, detector)),
    ),
  ];
}
