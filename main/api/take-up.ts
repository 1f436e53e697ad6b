import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import type { RebuildResult } from '../storage/catalogue.ts';
import { holdsRun } from '../storage/run-folder.ts';
import { toStorageError } from '../storage/storage-error.ts';
import type { Workbench } from './workbench.ts';

/** Run folders lie a few levels below what a person points at; beyond that it is somebody's whole disk. */
const mostLevels = 5;

/** Folders of runs, and those that could not be looked into. */
interface FoundRuns {
  folders: string[];
  skipped: RebuildResult['skipped'];
}

/**
 * Takes up the run in a folder, or all runs below it, that the catalogue does not know. Folders below that cannot be
 * read are skipped.
 * @throws CupbearerError `not-found` where there is no such folder or no run in it, `storage` where it cannot be read.
 */
export function takeUpRuns({ catalogue }: Workbench, folder: string): RebuildResult {
  const path = resolve(folder);
  if (!existsSync(path) || !statSync(path).isDirectory())
    throw new CupbearerError('not-found', `There is no folder "${path}".`);
  const { folders, skipped } = findRuns(path);
  if (folders.length === 0)
    throw new CupbearerError('not-found', `There is no run in "${path}": no folder in it has a spec.json.`);
  const result = catalogue.rebuild(folders);
  return { added: result.added, skipped: [...skipped, ...result.skipped] };
}

/**
 * Looks for folders of runs in a folder and below it. @throws CupbearerError `storage` if the folder itself cannot be
 * read.
 */
function findRuns(root: string): FoundRuns {
  const found: FoundRuns = { folders: [], skipped: [] };
  const look = (folder: string, levels: number): void => {
    if (holdsRun(folder)) found.folders.push(folder);
    else if (levels > 0) {
      for (const entry of entriesOf(folder)) {
        if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
          look(join(folder, entry.name), levels - 1);
      }
    }
  };
  const entriesOf = (folder: string) => {
    try {
      return readdirSync(folder, { withFileTypes: true });
    } catch (cause) {
      const error = toStorageError(cause, `read the folder "${folder}"`);
      if (folder === root || !(error instanceof CupbearerError)) throw error;
      found.skipped.push({ folder, reason: error.message });
      return [];
    }
  };
  look(root, mostLevels);
  return found;
}
