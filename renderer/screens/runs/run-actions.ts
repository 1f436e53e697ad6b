import type { RunSummary } from '../../../shared/domain/live.ts';
import { client } from '../../app/client.ts';
import { router } from '../../app/router.svelte.ts';
import { toasts } from '../../app/toasts.svelte.ts';
import { runWords } from './run-words.ts';

const idsOf = (runs: readonly RunSummary[]) => runs.map((run) => run.id);

const named = (runs: readonly RunSummary[]) => (runs.length === 1 ? runWords(runs[0]!) : `${runs.length} runs`);

/** Does something and shows why where it fails. */
export async function attempt(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    toasts.failed(error);
  }
}

/** Takes runs off the list at once; the message offers them back. Whether they went: one that goes on is refused. */
export async function removeRuns(runs: readonly RunSummary[]): Promise<boolean> {
  try {
    const { ids } = await client.runs.remove({ ids: idsOf(runs) });
    const removed = runs.filter((run) => ids.includes(run.id));
    if (removed.length > 0) toasts.undo(`Deleted: ${named(removed)}`, () => client.runs.restore({ ids }));
    return true;
  } catch (error) {
    toasts.failed(error);
    return false;
  }
}

export async function archiveRuns(runs: readonly RunSummary[], archived: boolean): Promise<void> {
  const ids = idsOf(runs);
  await attempt(async () => {
    await client.runs.change({ ids, archived });
    toasts.undo(`${archived ? 'Archived' : 'Taken out of the archive'}: ${named(runs)}`, () =>
      client.runs.change({ ids, archived: !archived }),
    );
  });
}

export async function pinRuns(runs: readonly RunSummary[], pinned: boolean): Promise<void> {
  await attempt(() => client.runs.change({ ids: idsOf(runs), pinned }));
}

export async function tagRuns(runs: readonly RunSummary[], tag: string): Promise<void> {
  const ids = idsOf(runs.filter((run) => !run.tags.includes(tag)));
  if (ids.length === 0) return;
  await attempt(async () => {
    await client.runs.change({ ids, addTags: [tag] });
    toasts.undo(`Tagged ${tag}: ${named(runs)}`, () => client.runs.change({ ids, removeTags: [tag] }));
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
  await attempt(() => client.runs.resume({ id: run.id, ...(batchSize === undefined ? {} : { batchSize }) }));
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

export async function cancelRuns(runs: readonly RunSummary[]): Promise<void> {
  await attempt(() => client.runs.cancel({ ids: idsOf(runs) }));
}

export function compareRuns(runs: readonly RunSummary[]): void {
  router.go({ screen: 'compare', ids: idsOf(runs) });
}
