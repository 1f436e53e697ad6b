import { statSync } from 'node:fs';
import { join } from 'node:path';
import { walkFolders } from '../../storage/walk.ts';
import { existsSync } from 'node:fs';
import type { InspectionContext } from './inspection.ts';

/** A run has tens of files; what has more is not only a run's folder, and the first are told. */
const mostFiles = 2000;
const mostEntries = 100_000;
const mostLevels = 6;

/** Returns the files of a run with their sizes, sub-folders as "scores/all.npy"; none where the folder is gone. */
export async function runFiles(
  { folder }: { folder: string },
  { signal }: InspectionContext,
): Promise<{ name: string; bytes: number }[]> {
  if (!existsSync(folder)) return [];
  const files: { name: string; bytes: number }[] = [];
  for await (const { path, parts, entries } of walkFolders(folder, { signal, mostEntries, mostLevels })) {
    for (const entry of entries) {
      if (!entry.isFile() || entry.name.startsWith('.')) continue;
      // It may have gone between the two looks: a checkpoint is replaced after each epoch.
      const bytes = statSync(join(path, entry.name), { throwIfNoEntry: false })?.size;
      if (bytes !== undefined) files.push({ name: [...parts, entry.name].join('/'), bytes });
    }
    if (files.length >= mostFiles) break;
  }
  return files.slice(0, mostFiles).sort((a, b) => (a.name < b.name ? -1 : 1));
}
