import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { pathsInDraft } from '../../runs/drafts/path-faults.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { draftQuestion, fittedRuns } from './draft-subject.ts';
import type { DraftSubject } from '../../runs/drafts/draft-specs.ts';
import type { Reach } from '../reach.ts';

/** Returns a fault for each part of a draft that names something out of reach of pages. */
export function reachFaults(reach: Reach, catalogue: Catalogue, draft: ExperimentDraft): Fault[] {
  const { subject, others = [] } = draftQuestion(catalogue, draft);
  return [
    ...faultsOfSubject(reach, subject),
    ...fittedRuns(catalogue, draft).flatMap((run, i) =>
      run ? faultsOf(['fitted', String(i), 'run'], () => reach.checkRun(run.folder)) : [],
    ),
    ...others.flatMap(({ at, subject: other }) =>
      faultsOfSubject(reach, other)
        .slice(0, 1)
        .map(({ message }) => ({ path: [...at], message })),
    ),
  ];
}

function faultsOfSubject(reach: Reach, { draft, classifierFolder }: DraftSubject): Fault[] {
  return [
    ...(classifierFolder === null ? [] : faultsOf(['classifier', 'run'], () => reach.checkRun(classifierFolder))),
    ...pathsInDraft(draft).flatMap(({ at, path }) => faultsOf(at, () => reach.checkUse(path))),
  ];
}

/** Returns the draft with the values that have faults emptied; parts that are not open stay as they are. */
export function withoutFaulty(draft: ExperimentDraft, faults: readonly Fault[]): ExperimentDraft {
  return faults
    .filter(({ path }) => path[0] !== 'otherTasks' && path[0] !== 'otherClassifiers')
    .reduce((left, { path }) => emptied(left, path) as ExperimentDraft, draft);
}

/** Returns a copy in which the part at the end of a path is "". */
function emptied(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return '';
  if (Array.isArray(value)) return value.map((part: unknown, i) => (String(i) === key ? emptied(part, rest) : part));
  const parts = value as Record<string, unknown>;
  return { ...parts, [key]: emptied(parts[key], rest) };
}

function faultsOf(path: string[], check: () => void): Fault[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof CupbearerError) return [{ path, message: error.message }];
    throw error;
  }
}
