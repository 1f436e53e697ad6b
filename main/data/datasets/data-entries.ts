import { realpathSync, statSync, type Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { isInside } from '../../storage/real-path.ts';
import { systemCode, toStorageError } from '../../storage/storage-error.ts';
import { checkNotCancelled } from '../cancellation.ts';
import { requireDataReach } from '../data-reach.ts';

/** Files that systems leave among others. */
const litter = /^(\.|__MACOSX$|@eaDir$|thumbs\.db$|desktop\.ini$)/i;

/** Whether a name is hidden or that of something which systems leave behind: no part of any dataset. */
export function isLitter(name: string): boolean {
  return litter.test(name);
}

/**
 * What an entry of a folder is, links followed: `link` leads nowhere, `name` cannot be opened under its name, `gone` is
 * not there any more.
 */
type EntryKind = 'file' | 'folder' | 'link' | 'name' | 'gone' | 'other';

/**
 * Returns what an entry of the folder `path` is.
 * @throws CupbearerError `bad-data` for a link to itself, `usage` for one that leads out of a page's reach, `storage`.
 */
export function kindOfEntry(path: string, entry: Dirent): EntryKind {
  const isUnclear = entry.name.includes('\ufffd');
  if (entry.isFile() && !isUnclear) return 'file';
  if (entry.isDirectory() && !isUnclear) return 'folder';
  const place = join(path, entry.name);
  try {
    const found = statSync(place);
    if (entry.isSymbolicLink()) requireDataReach(place);
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ELOOP') throw loop(place);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw toStorageError(error, `look at "${place}"`);
    // The system has another name for it than the text that Node makes of its bytes.
    if (isUnclear) return 'name';
    return entry.isSymbolicLink() ? 'link' : 'gone';
  }
}

/**
 * The folders that a walk is inside of, without links. Links are followed, also out of the folder where the walk began,
 * but not in a circle; for a page, they stay within its root.
 */
export class FolderTrail {
  readonly #real: readonly string[];

  private constructor(real: readonly string[]) {
    this.#real = real;
  }

  /** Begins at a folder. @throws CupbearerError `usage` if it is out of reach, `storage`. */
  static at(path: string): FolderTrail {
    requireDataReach(path);
    return new FolderTrail([realOf(path)]);
  }

  /**
   * Enters a folder. @throws CupbearerError `bad-data` if a link leads back to where the walk came from; as {@link at}.
   */
  enter(path: string, entry: Dirent): FolderTrail {
    requireDataReach(path);
    const real = realOf(path);
    if (entry.isSymbolicLink() && this.#real.some((outer) => isInside(real, outer))) throw loop(path);
    return new FolderTrail([...this.#real, real]);
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw toStorageError(error, `read the folder "${path}"`);
  }
}

/** The error for a folder of a class whose name has bytes that are no text: without it the classes would be others. */
export function unreadableName(path: string, name: string): CupbearerError {
  return new CupbearerError(
    'bad-data',
    `${path}: the name of the folder "${name}" is not UTF-8, so that it cannot be opened.`,
    {
      hint: 'Rename it, for example by: convmv -f latin1 -t utf8 --notest -r FOLDER',
    },
  );
}

function loop(path: string): CupbearerError {
  return new CupbearerError('bad-data', `${path} is a link that leads back to a folder that it lies in.`, {
    hint: 'Remove the link, or let it lead to the pictures themselves.',
  });
}

/** How far a walk goes. */
interface WalkBounds {
  readonly signal?: AbortSignal | undefined;
  /** Most files and folders that are looked at. */
  readonly mostEntries: number;
  /** Most folders inside one another. */
  readonly mostLevels: number;
}

/** A folder that a walk came to. */
interface DataFolder {
  path: string;
  /** Its path relative to where the walk started. */
  parts: readonly string[];
  /** What is in it by name, without what is hidden or left by systems. */
  entries: readonly { name: string; kind: EntryKind }[];
}

/**
 * Yields `root` and the folders below it, links followed, each before those inside it.
 * @throws CupbearerError `bad-data` beyond the bounds, or where links lead in a circle; `usage` for what is out of
 *   reach; `storage`, `cancelled`.
 */
export async function* walkData(
  root: string,
  { signal, mostEntries, mostLevels }: WalkBounds,
): AsyncGenerator<DataFolder> {
  const waiting = [{ path: root, parts: [] as readonly string[], trail: FolderTrail.at(root) }];
  let seen = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, parts, trail } = next;
    if (parts.length > mostLevels) throw beyond(path, `${mostLevels} folders inside one another`);
    const found: Dirent[] = [];
    try {
      for await (const entry of await opendir(path, { bufferSize: 256 })) {
        checkNotCancelled(signal, `Looking into ${path}`);
        if (++seen > mostEntries) throw beyond(root, `${mostEntries} files and folders`);
        if (!isLitter(entry.name)) found.push(entry);
      }
    } catch (error) {
      throw toStorageError(error, `read the folder "${path}"`);
    }
    found.sort((a, b) => (a.name < b.name ? -1 : 1));
    const entries = found.map((entry) => ({ entry, name: entry.name, kind: kindOfEntry(path, entry) }));
    yield { path, parts, entries };
    // The last is taken first, so that folders come in the order of their names.
    for (const { entry, name, kind } of entries.toReversed()) {
      if (kind !== 'folder') continue;
      const inside = join(path, name);
      waiting.push({ path: inside, parts: [...parts, name], trail: trail.enter(inside, entry) });
    }
  }
}

function beyond(path: string, most: string): CupbearerError {
  return new CupbearerError('bad-data', `${path}: expected at most ${most}, found more.`, {
    hint: 'Point at a folder further inside.',
  });
}
