import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { pathsInDraft } from '../../runs/drafts/path-faults.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { draftSubject } from './draft-subject.ts';
import type { Reach } from '../reach.ts';

/** Returns a fault for each part of a draft that names something out of reach of pages. */
export function reachFaults(reach: Reach, catalogue: Catalogue, draft: ExperimentDraft): Fault[] {
  const { classifierFolder } = draftSubject(catalogue, draft);
  return [
    ...(classifierFolder === null ? [] : faultsOf(['classifier', 'run'], () => reach.checkRun(classifierFolder))),
    ...pathsInDraft(draft).flatMap(({ at, path }) => faultsOf(at, () => reach.checkUse(path))),
  ];
}

/** Returns the draft with the parts that have faults emptied. */
export function withoutFaulty(draft: ExperimentDraft, faults: readonly Fault[]): ExperimentDraft {
  return faults.reduce((left, { path }) => emptied(left, path) as ExperimentDraft, draft);
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
