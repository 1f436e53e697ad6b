import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { hashJson } from '../../storage/content-hash.ts';
import { withStorageErrors } from '../../storage/storage-error.ts';
import type { PickedTask } from '../../tasks/common-params.ts';
import { outlineRecords } from '../../tasks/outline.ts';
import type { Recorded } from '../../tasks/task.ts';
import { draftTask, draftWatchesClassifier, type DraftSubject } from './draft-specs.ts';
import { orNothing } from './draft-view.ts';
import { pathsInDraft } from './path-faults.ts';

/**
 * Resolves with a draft and what was recorded for its task, where that brings its activations along; and with the faults of the
 * files that it names.
 */
export async function withRecords(subject: DraftSubject): Promise<{ subject: DraftSubject; faults: Fault[] }> {
  const task = draftWatchesClassifier(subject) ? undefined : orNothing(() => draftTask(subject));
  if (!task) return { subject, faults: [] };
  try {
    return { subject: { ...subject, recorded: await recordsOf(task, subject) }, faults: [] };
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    const { parameter } = error.details ?? {};
    const path = ['task', ...(typeof parameter === 'string' ? [parameter] : [])];
    return { subject, faults: [{ path, message: error.message }] };
  }
}

/** What was found last, by the state of the files: a draft is looked at with every key that is typed, and files may be packed. */
const known = new Map<string, Promise<Recorded>>();
const mostKnown = 8;

async function recordsOf(task: PickedTask, { draft }: DraftSubject): Promise<Recorded> {
  const paths = pathsInDraft(draft).filter(({ at: [part] }) => part === 'task');
  const key = hashJson([task, paths.map(({ path }) => stateOf(path))]);
  const found = known.get(key) ?? outlineRecords(task);
  known.delete(key);
  known.set(key, found);
  const [oldest] = known.keys();
  if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
  return found;
}

/** Most files of a folder of which each is looked at. */
const mostEntries = 1000;

/** Changes when a file does, or one in a folder. */
function stateOf(path: string): unknown {
  return withStorageErrors(`look at "${path}"`, () => {
    const state = stateOfFile(path);
    if (!state?.isFolder) return state;
    const names = readdirSync(path);
    return [state, names.length > mostEntries ? [] : names.map((name) => [name, stateOfFile(join(path, name))])];
  });
}

function stateOfFile(path: string) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && { size: found.size, time: found.mtimeMs, isFolder: found.isDirectory() };
}
