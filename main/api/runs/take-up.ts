import { setImmediate } from 'node:timers/promises';
import type { RebuildResult } from '../../storage/catalogue.ts';
import type { Application } from '../application.ts';
import { dataFolder } from '../settings.ts';

/** Runs added before other calls get a turn: each costs a few reads and a row. */
const takenTogether = 10;

/**
 * Adds the run in a folder, or all runs below it, to the catalogue if it does not know them.
 * @throws CupbearerError `not-found` if there is no such folder or no run in it, `bad-data` if it holds too much,
 *   `storage`, `cancelled`.
 */
export async function takeUpRuns(
  { workbench, library, settings }: Pick<Application, 'workbench' | 'library' | 'settings'>,
  folder: string,
  signal?: AbortSignal,
): Promise<RebuildResult> {
  const dataDir = dataFolder(settings.current());
  const { folders, skipped } = await library.ask('find-runs', { folder }, { dataDir, signal });
  const result: RebuildResult = { added: [], skipped };
  for (let at = 0; at < folders.length; at += takenTogether) {
    const taken = workbench.known.takeUp(folders.slice(at, at + takenTogether));
    result.added.push(...taken.added);
    result.skipped.push(...taken.skipped);
    await setImmediate();
  }
  return result;
}
