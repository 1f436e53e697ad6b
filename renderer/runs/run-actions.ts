import type { RunSummary } from '../../shared/domain/live.ts';
import { client, toCupbearerError } from '../app/client.ts';
import { questions } from '../app/question.svelte.ts';
import { router } from '../app/router.svelte.ts';
import { toasts } from '../app/toasts.svelte.ts';
import { undo } from '../app/undo.svelte.ts';
import { isActive } from './is-active.ts';
import { runWords } from './run-words.ts';
import { given } from '../../shared/given.ts';
import { counted } from '../../shared/format.ts';

const idsOf = (runs: readonly RunSummary[]) => runs.map((run) => run.id);

const named = (runs: readonly RunSummary[]) => (runs.length === 1 ? runWords(runs[0]!) : counted(runs.length, 'run'));

/** Does something and shows why if it fails. */
export async function attempt(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    toasts.failed(error);
  }
}

/** Returns the runs that have ended, and words for the running ones, which are left alone. */
function ended(runs: readonly RunSummary[]): { chosen: readonly RunSummary[]; left: string } {
  const chosen = runs.filter((run) => !isActive(run));
  const active = runs.filter(isActive);
  const states = active.every(({ status }) => status === 'queued') ? 'waiting' : 'running';
  return { chosen, left: active.length === 0 ? '' : `Still ${states}, left as it is: ${named(active)}` };
}

/**
 * Moves runs into the trash at once; the message offers to restore them. Of several, running ones are kept and mentioned. Asks first
 * where cells of an experiment wait for one. Resolves with whether any was removed; a single running one is refused.
 */
export async function removeRuns(runs: readonly RunSummary[]): Promise<boolean> {
  const { chosen, left } = ended(runs);
  try {
    const done = await removeUnlessAwaited(idsOf(chosen.length > 0 ? chosen : runs));
    if (!done) return false;
    const gone = new Set(done.ids);
    const removed = runs.filter((run) => gone.has(run.id));
    if (left !== '') toasts.show({ message: left });
    if (removed.length > 0) {
      const hint =
        done.needed === 0 ? undefined : `${counted(done.needed, 'other run')} built on this; the results stay.`;
      undo.did(`Moved to trash: ${named(removed)}`, () => client.runs.restore({ ids: done.ids }), hint);
    }
    return true;
  } catch (error) {
    toasts.failed(error);
    return false;
  }
}

/** Removes runs, after asking where cells of an experiment wait for one; resolves with undefined where that was not meant. */
async function removeUnlessAwaited(ids: string[]): Promise<{ ids: string[]; needed: number } | undefined> {
  try {
    return await client.runs.remove({ ids });
  } catch (error) {
    const { details, message } = toCupbearerError(error);
    if (typeof details?.['awaited'] !== 'number') throw error;
    const isMeant = await questions.ask({ title: 'Move to trash all the same?', text: message, yes: 'Move to trash' });
    return isMeant ? await client.runs.remove({ ids, anyway: true }) : undefined;
  }
}

/** Locks runs, so that it is refused to delete them, or unlocks them. */
export async function lockRuns(runs: readonly RunSummary[], locked: boolean): Promise<void> {
  const chosen = runs.filter((run) => run.locked !== locked);
  if (chosen.length === 0) return;
  const ids = idsOf(chosen);
  await attempt(async () => {
    await client.runs.change({ ids, locked });
    undo.did(`${locked ? 'Locked' : 'Unlocked'}: ${named(chosen)}`, () => client.runs.change({ ids, locked: !locked }));
  });
}

/** Archives or restores runs. Running ones are not archived, since they stay visible; the message says so. */
export async function archiveRuns(runs: readonly RunSummary[], archived: boolean): Promise<void> {
  const { chosen, left } = archived ? ended(runs) : { chosen: runs, left: '' };
  if (left !== '') toasts.show({ message: left, hint: 'A run is archived once it has ended.' });
  if (chosen.length === 0) return;
  const ids = idsOf(chosen);
  await attempt(async () => {
    await client.runs.change({ ids, archived });
    undo.did(`${archived ? 'Archived' : 'Taken out of the archive'}: ${named(chosen)}`, () =>
      client.runs.change({ ids, archived: !archived }),
    );
  });
}

export async function pinRuns(runs: readonly RunSummary[], pinned: boolean): Promise<void> {
  await attempt(() => client.runs.change({ ids: idsOf(runs), pinned }));
}

export async function tagRuns(runs: readonly RunSummary[], tags: readonly string[]): Promise<void> {
  // Undo takes each tag from those runs alone that did not have it.
  const added = tags
    .map((tag) => ({ tag, ids: idsOf(runs.filter((run) => !run.tags.includes(tag))) }))
    .filter(({ ids }) => ids.length > 0);
  if (added.length === 0) return;
  await attempt(async () => {
    for (const { tag, ids } of added) await client.runs.change({ ids, addTags: [tag] });
    undo.did(`Tagged ${tags.join(', ')}: ${named(runs)}`, async () => {
      for (const { tag, ids } of added) await client.runs.change({ ids, removeTags: [tag] });
    });
  });
}

export async function untagRuns(runs: readonly RunSummary[], tag: string): Promise<void> {
  const ids = idsOf(runs.filter((run) => run.tags.includes(tag)));
  await attempt(async () => {
    await client.runs.change({ ids, removeTags: [tag] });
    undo.did(`Tag ${tag} removed: ${named(runs)}`, () => client.runs.change({ ids, addTags: [tag] }));
  });
}

export async function resumeRun(run: RunSummary, batchSize?: number): Promise<void> {
  await attempt(() => client.runs.resume({ id: run.id, ...given({ batchSize }) }));
}

export async function repeatRun(run: RunSummary): Promise<void> {
  await attempt(async () => {
    const { id } = await client.runs.repeat({ id: run.id });
    toasts.show({
      message: `Repeated: ${runWords(run)}`,
      action: { label: 'Show', run: () => router.go({ screen: 'run', id, tab: 'overview' }) },
    });
  });
}

/** Calls `action` for one run after another; returns those for which it succeeded, and shows why the first other one failed. */
async function each(
  runs: readonly RunSummary[],
  action: (run: RunSummary) => Promise<void>,
): Promise<readonly RunSummary[]> {
  const done: RunSummary[] = [];
  let reason: unknown;
  for (const run of runs) {
    try {
      await action(run);
      done.push(run);
    } catch (error) {
      reason ??= error;
    }
  }
  if (done.length < runs.length) toasts.failed(reason);
  return done;
}

const howMany = (done: readonly RunSummary[], runs: readonly RunSummary[]) =>
  done.length === runs.length ? named(done) : `${done.length} of ${counted(runs.length, 'run')}`;

/** Goes on with several trainings that were stopped. */
export async function resumeRuns(runs: readonly RunSummary[]): Promise<void> {
  const done = await each(runs, async ({ id }) => void (await client.runs.resume({ id })));
  if (done.length > 0) toasts.show({ message: `Resumed: ${howMany(done, runs)}` });
}

/** Does several runs again, as new ones; Undo cancels these. */
export async function repeatRuns(runs: readonly RunSummary[]): Promise<void> {
  const [only] = runs;
  if (only && runs.length === 1) return repeatRun(only);
  const ids: string[] = [];
  const done = await each(runs, async ({ id }) => void ids.push((await client.runs.repeat({ id })).id));
  if (done.length > 0) toasts.undo(`Repeated: ${howMany(done, runs)}`, () => client.runs.cancel({ ids }));
}

/** Cancels runs. Asks first if others wait for them, because these are not computed either then. */
export async function cancelRuns(runs: readonly RunSummary[]): Promise<void> {
  await attempt(async () => {
    const ids = idsOf(runs);
    const { count } = await client.runs.waitingFor({ ids });
    const question = {
      title: runs.length === 1 ? 'Cancel this training?' : `Cancel ${counted(runs.length, 'run')}?`,
      text: `${counted(count, 'run')} ${count === 1 ? 'waits' : 'wait'} for ${runs.length === 1 ? 'it' : 'them'} and will not be computed. Resuming a training brings back what waits for it.`,
      yes: 'Cancel anyway',
      no: 'Keep running',
    };
    if (count === 0 || (await questions.ask(question))) await client.runs.cancel({ ids });
  });
}

export function compareRuns(runs: readonly RunSummary[]): void {
  router.go({ screen: 'compare', ids: idsOf(runs) });
}
