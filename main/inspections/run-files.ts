import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { walkFolders } from '../storage/walk.ts';
import type { InspectionContext } from './inspection.ts';

/** A run has some dozens of files. If a folder has more it is not only a run's, and only the first are listed. */
const mostFiles = 2000;
const mostEntries = 20_000;
const mostLevels = 6;

/**
 * Returns the files of a run with their sizes, those in subfolders as "scores/all.npy"; none if the folder is gone.
 * Leaves out what cannot be read or exceeds what a run can have, so that the rest of the run can be shown.
 */
export async function runFiles(
  { folder }: { folder: string },
  { signal }: InspectionContext,
): Promise<{ name: string; bytes: number }[]> {
  if (!existsSync(folder)) return [];
  const files: { name: string; bytes: number }[] = [];
  try {
    const walk = walkFolders(folder, { signal, mostEntries, mostLevels }, () => undefined);
    for await (const { path, parts, entries } of walk) {
      for (const entry of entries) {
        if (!entry.isFile() || entry.name.startsWith('.')) continue;
        // It may have gone between the two looks: a checkpoint is replaced after each epoch.
        const bytes = statSync(join(path, entry.name), { throwIfNoEntry: false })?.size;
        if (bytes !== undefined) files.push({ name: [...parts, entry.name].join('/'), bytes });
      }
      if (files.length >= mostFiles) break;
    }
  } catch (error) {
    if (!(error instanceof CupbearerError) || error.code !== 'bad-data') throw error;
  }
  return files.slice(0, mostFiles).sort((a, b) => (a.name < b.name ? -1 : 1));
}
