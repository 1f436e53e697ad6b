import { lstatSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { toStorageError } from '../storage/storage-error.ts';
import { trashPrefix } from '../storage/trash-moves.ts';
import { walkFolders } from '../storage/walk.ts';
import type { InspectionContext } from './inspection.ts';

/** An experiment has at most 100,000 runs of some dozens of files; a folder that holds more is counted so far. */
const mostEntries = 5_000_000;
const mostLevels = 12;

/** Returns the bytes of all files in each of these folders; what cannot be read counts nothing. @throws CupbearerError `cancelled`. */
export async function folderSizes(
  { folders }: { folders: readonly string[] },
  { signal }: InspectionContext,
): Promise<number[]> {
  const sizes: number[] = [];
  for (const folder of folders) sizes.push(await sizeOf(folder, signal));
  return sizes;
}

async function sizeOf(folder: string, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  try {
    const walk = walkFolders(folder, { signal, mostEntries, mostLevels }, () => undefined);
    for await (const { path, entries } of walk)
      for (const entry of entries)
        if (entry.isFile()) bytes += lstatSync(join(path, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  } catch (error) {
    if (!(error instanceof CupbearerError) || error.code !== 'bad-data') throw error;
  }
  return bytes;
}

/** Deletes folders that lie in the trash, and returns those that could not be deleted, with the reason. */
export async function deleteTrashFolders({
  places,
}: {
  places: readonly string[];
}): Promise<{ place: string; reason: string }[]> {
  const failures: { place: string; reason: string }[] = [];
  for (const place of places) {
    try {
      // A catalogue that was tampered with must not lead anywhere else.
      if (!basename(place).startsWith(trashPrefix))
        throw new CupbearerError('bad-data', `"${place}" is not the name of a folder in the trash.`);
      await rm(place, { recursive: true, force: true });
    } catch (error) {
      const known = toStorageError(error, `delete "${place}"`);
      if (!(known instanceof CupbearerError)) throw known;
      failures.push({ place, reason: known.message });
    }
  }
  return failures;
}
