import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { walkFolders } from '../storage/walk.ts';
import { specFileName } from '../storage/run-folder.ts';
import type { InspectionContext } from './inspection.ts';

/** Run folders lie at most a few levels below a chosen folder; anything deeper is a whole disk. */
const mostLevels = 5;
const mostEntries = 1_000_000;

/** Run folders that were found, and folders that could not be looked into. */
interface FoundRuns {
  folders: string[];
  skipped: { folder: string; reason: string }[];
}

/**
 * Finds run folders in a folder and below it, without those inside another run's folder. Skips folders that cannot be
 * read.
 * @throws CupbearerError `not-found` if there is no such folder or no run in it, `storage` if it cannot be read,
 *   `bad-data` if there is too much in it, `cancelled`.
 */
export async function findRuns(
  { folder }: { folder: string },
  { signal, progress }: InspectionContext,
): Promise<FoundRuns> {
  const root = resolve(folder);
  if (!existsSync(root) || !statSync(root).isDirectory())
    throw new CupbearerError('not-found', `There is no folder "${root}".`);
  const found: FoundRuns = { folders: [], skipped: [] };
  const walk = walkFolders(root, { signal, mostEntries, mostLevels }, (path, error) => {
    if (path === root) throw error;
    found.skipped.push({ folder: path, reason: error.message });
  });
  for await (const { path, entries, skip } of walk) {
    const isRun = entries.some((entry) => entry.name === specFileName && entry.isFile());
    if (isRun) found.folders.push(path);
    skip(({ name }) => isRun || name.startsWith('.') || name === 'node_modules');
    progress?.('Looking', found.folders.length, 0);
  }
  if (found.folders.length > 0) return found;
  throw new CupbearerError('not-found', `There is no run in "${root}": no folder in it has a spec.json.`);
}
