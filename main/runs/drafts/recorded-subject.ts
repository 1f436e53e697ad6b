import { CupbearerError } from '../../../shared/errors.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { outlineRecords } from '../../tasks/outline.ts';
import { draftTask, draftWatchesClassifier, type DraftSubject } from './draft-specs.ts';
import { orNothing } from './draft-view.ts';

/**
 * Resolves with a draft and what was recorded for its task, where that brings its activations along; and with the faults of the
 * files that it names.
 */
export async function withRecords(subject: DraftSubject): Promise<{ subject: DraftSubject; faults: Fault[] }> {
  const task = draftWatchesClassifier(subject) ? undefined : orNothing(() => draftTask(subject));
  if (!task) return { subject, faults: [] };
  try {
    return { subject: { ...subject, recorded: await outlineRecords(task) }, faults: [] };
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    const { parameter } = error.details ?? {};
    const path = ['task', ...(typeof parameter === 'string' ? [parameter] : [])];
    return { subject, faults: [{ path, message: error.message }] };
  }
}
