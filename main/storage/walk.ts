import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { toStorageError } from './storage-error.ts';

/** How far a walk goes. */
export interface WalkLimits {
  readonly signal: AbortSignal;
  /** Most files and folders that are looked at; more are refused as soon as they are seen. */
  readonly mostEntries: number;
  /** Most folders inside one another that are entered; what lies deeper is passed over. */
  readonly mostLevels: number;
}

/** A folder that a walk came to. */
interface WalkedFolder {
  path: string;
  /** Its path relative to where the walk started; empty for that folder itself. */
  parts: readonly string[];
  /** What lies in it. Links are among them and never followed. */
  entries: readonly Dirent[];
  /** Keeps the walk out of folders inside this one that it would enter otherwise. */
  skip: (isSkipped: (entry: Dirent) => boolean) => void;
}

/** Entries that are read with one call of the system. */
const readTogether = 256;

/**
 * Yields `root` and the folders below it, each before those inside it, without holding up the process.
 * @throws CupbearerError `bad-data` if there are more than `mostEntries`, `storage` for a folder that cannot be read
 *   (unless `onUnreadable` takes it), `cancelled`.
 */
export async function* walkFolders(
  root: string,
  limits: WalkLimits,
  onUnreadable?: (path: string, error: CupbearerError) => void,
): AsyncGenerator<WalkedFolder> {
  const waiting: { path: string; parts: readonly string[] }[] = [{ path: root, parts: [] }];
  let seen = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (limits.signal.aborted) throw new CupbearerError('cancelled', 'Cancelled.');
    const { path, parts } = next;
    let entries: Dirent[];
    try {
      entries = await entriesOf(path, limits, seen);
    } catch (error) {
      const known = toStorageError(error, `read the folder "${path}"`);
      if (!onUnreadable || !(known instanceof CupbearerError) || known.code !== 'storage') throw known;
      onUnreadable(path, known);
      continue;
    }
    seen += entries.length;
    let skipped: (entry: Dirent) => boolean = () => false;
    yield { path, parts, entries, skip: (isSkipped) => (skipped = isSkipped) };
    if (parts.length >= limits.mostLevels) continue;
    // The last is taken first, so that folders come in the order of their names.
    for (const entry of entries.toReversed())
      if (entry.isDirectory() && !skipped(entry))
        waiting.push({ path: join(path, entry.name), parts: [...parts, entry.name] });
  }
}

/** What lies in a folder, by name. @throws what the system throws, or as {@link walkFolders}. */
async function entriesOf(path: string, { signal, mostEntries }: WalkLimits, seen: number): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  for await (const entry of await opendir(path, { bufferSize: readTogether })) {
    if (signal.aborted) throw new CupbearerError('cancelled', 'Cancelled.');
    entries.push(entry);
    if (seen + entries.length > mostEntries) {
      throw new CupbearerError('bad-data', `Expected at most ${mostEntries} files and folders, found more.`, {
        hint: 'Point at a folder further inside.',
      });
    }
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
