import type { RunSummary } from '../../shared/domain/live.ts';
import { client } from '../app/client.ts';
import { questions } from '../app/question.svelte.ts';
import { router } from '../app/router.svelte.ts';
import { toasts } from '../app/toasts.svelte.ts';
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
 * Removes runs at once; the message offers to restore them. Of several, running ones are kept and mentioned. Resolves
 * with whether any was removed; a single running one is refused.
 */
export async function removeRuns(runs: readonly RunSummary[]): Promise<boolean> {
  const { chosen, left } = ended(runs);
  try {
    const { ids } = await client.runs.remove({ ids: idsOf(chosen.length > 0 ? chosen : runs) });
    const removed = runs.filter((run) => ids.includes(run.id));
    if (left !== '') toasts.show({ message: left });
    if (removed.length > 0) toasts.undo(`Deleted: ${named(removed)}`, () => client.runs.restore({ ids }));
    return true;
  } catch (error) {
    toasts.failed(error);
    return false;
  }
}

/** Archives or restores runs. Running ones are not archived, since they stay visible; the message says so. */
export async function archiveRuns(runs: readonly RunSummary[], archived: boolean): Promise<void> {
  const { chosen, left } = archived ? ended(runs) : { chosen: runs, left: '' };
  if (left !== '') toasts.show({ message: left, hint: 'A run is archived once it has ended.' });
  if (chosen.length === 0) return;
  const ids = idsOf(chosen);
  await attempt(async () => {
    await client.runs.change({ ids, archived });
    toasts.undo(`${archived ? 'Archived' : 'Taken out of the archive'}: ${named(chosen)}`, () =>
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
    toasts.undo(`Tagged ${tags.join(', ')}: ${named(runs)}`, async () => {
      for (const { tag, ids } of added) await client.runs.change({ ids, removeTags: [tag] });
    });
  });
}

export async function untagRuns(runs: readonly RunSummary[], tag: string): Promise<void> {
  const ids = idsOf(runs.filter((run) => run.tags.includes(tag)));
  await attempt(async () => {
    await client.runs.change({ ids, removeTags: [tag] });
    toasts.undo(`Tag ${tag} removed: ${named(runs)}`, () => client.runs.change({ ids, addTags: [tag] }));
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
