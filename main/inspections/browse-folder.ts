import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { FolderEntry, FolderListing } from '../../shared/domain/recorded.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { isLitter, kindOfEntry } from '../data/datasets/data-entries.ts';
import { requireDataReach } from '../data/data-reach.ts';
import { withStorageErrors } from '../storage/storage-error.ts';

/** A folder of more files is one set; nobody picks single files in it. */
const mostEntries = 2000;

/**
 * Returns what lies in a folder, by default in `root`, or in the user's own: folders and files of any kind.
 * @throws CupbearerError `not-found`, `usage` for what is out of reach, `storage`.
 */
export function browseFolder({
  folder,
  root,
}: {
  folder?: string | undefined;
  root?: string | undefined;
}): FolderListing {
  const path = resolve(folder ?? root ?? homedir());
  requireDataReach(path);
  const found = withStorageErrors(`read the folder "${path}"`, () => readdirSync(path, { withFileTypes: true }));
  const entries = found.flatMap((entry): FolderEntry[] => {
    if (isLitter(entry.name)) return [];
    const place = join(path, entry.name);
    const kind = kindOrNothing(path, entry);
    if (kind !== 'file' && kind !== 'folder') return [];
    return [{ name: entry.name, path: place, isFolder: kind === 'folder', bytes: null, modified: null }];
  });
  const compare = new Intl.Collator('en', { numeric: true }).compare;
  entries.sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || compare(a.name, b.name));
  const up = dirname(path);
  return {
    folder: path,
    parent: up !== path && isWithinReach(up) ? up : null,
    entries: entries.slice(0, mostEntries).map(withSize),
    more: Math.max(0, entries.length - mostEntries),
  };
}

function isWithinReach(path: string): boolean {
  try {
    requireDataReach(path);
    return true;
  } catch (error) {
    if (error instanceof CupbearerError) return false;
    throw error;
  }
}

/** Links that lead out of reach are as good as not there. */
function kindOrNothing(
  path: string,
  entry: Parameters<typeof kindOfEntry>[1],
): ReturnType<typeof kindOfEntry> | undefined {
  try {
    return kindOfEntry(path, entry);
  } catch (error) {
    if (error instanceof CupbearerError) return undefined;
    throw error;
  }
}

function withSize(entry: FolderEntry): FolderEntry {
  const found = statSync(entry.path, { throwIfNoEntry: false });
  if (!found) return entry;
  return { ...entry, bytes: entry.isFolder ? null : found.size, modified: found.mtime.toISOString() };
}
