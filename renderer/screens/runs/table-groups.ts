import type { LiveState, RunSummary } from '../../../shared/domain/live.ts';
import { isActive } from '../../runs/is-active.ts';

/** Most runs needing attention that stay at the top; older ones are in the list like any other. */
const mostToLookAt = 5;

const newestFirst = (a: RunSummary, b: RunSummary) => (a.createdAt < b.createdAt ? 1 : -1);

const needsLook = ({ status }: RunSummary): boolean => status === 'failed' || status === 'interrupted';

/**
 * Returns the ids of the runs at the top: running and waiting ones, archived or not, and the newest ones that somebody
 * must look at.
 */
export function unfinishedIds(runs: Iterable<RunSummary>): ReadonlySet<string> {
  const active: RunSummary[] = [];
  const stopped: RunSummary[] = [];
  for (const run of runs) {
    if (isActive(run)) active.push(run);
    else if (needsLook(run) && !run.archived) stopped.push(run);
  }
  return new Set([...active, ...stopped.sort(newestFirst).slice(0, mostToLookAt)].map(({ id }) => id));
}

/** Puts unfinished runs in order: running ones, then those that wait by their places in line, then those to look at. */
export function inLine(runs: readonly RunSummary[], live: ReadonlyMap<string, LiveState>): RunSummary[] {
  const rank = (run: RunSummary) => (run.status === 'running' ? 0 : run.status === 'queued' ? 1 : 2);
  const place = (run: RunSummary) => live.get(run.id)?.queuePosition ?? Number.MAX_SAFE_INTEGER;
  const isQueued = (run: RunSummary) => run.status === 'queued';
  return [...runs].sort(
    (a, b) =>
      rank(a) - rank(b) || (isQueued(a) && isQueued(b) ? place(a) - place(b) || -newestFirst(a, b) : newestFirst(a, b)),
  );
}
