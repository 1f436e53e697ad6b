import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  type Dirent,
} from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { systemCode, toStorageError, withStorageErrors } from './storage-error.ts';

/**
 * A file or folder below a folder that others may have written, such as a shared run. Opening it never leads outside.
 * The folder itself may be reached through links; what lies in it is not followed out.
 */
export interface Within {
  readonly folder: string;
  /** The names on the way to it: "figures/roc.svg". */
  readonly name: string;
}

/** The place of a file: a path that the user has named, which may lead anywhere, or a name within a folder. */
export type Place = string | Within;

/** Returns the place of `names`, one below the other, within `folder`. */
export function within(folder: string, ...names: string[]): Within {
  return { folder, name: join(...names) };
}

/** Returns the path of a place, for people and for what lies outside of this folder's care. */
export function pathOf(place: Place): string {
  return typeof place === 'string' ? place : join(place.folder, place.name);
}

/** Returns whether anything with this name exists, even a link. Opening it shows what it is. */
export function isThere(place: Place): boolean {
  try {
    return lstatSync(pathOf(place), { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A file is in the place of a folder on the way, or the way may not be gone.
    return false;
  }
}

/**
 * A place that is replaced again and again while it is opened: a file that a run is writing is so for an instant only.
 */
const mostAttempts = 10;

/**
 * Opens a file for reading; the caller closes it. It opens regular files only: a pipe or a device in the place of one
 * could keep the program waiting for ever. Within a folder no link leads out.
 * @throws CupbearerError `not-found`, `storage`, or `bad-data` for what is not a file inside the folder.
 */
export function openToRead(place: Place): number {
  const path = pathOf(place);
  try {
    return typeof place === 'string' ? openFile(place) : openInside(place, constants.O_RDONLY);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new CupbearerError('not-found', `There is no file "${path}".`, { cause: error });
    throw toStorageError(error, `read "${path}"`);
  }
}

/**
 * Opens a file to read it and write at its end, creating it if need be; the caller closes it.
 * @throws CupbearerError `storage`, or `bad-data` for what is not a file inside the folder.
 */
export function openToAppend(place: Place): number {
  const path = pathOf(place);
  return withStorageErrors(`write "${path}"`, () => {
    const flags = constants.O_RDWR | constants.O_APPEND;
    if (typeof place === 'string') return openSync(place, 'a+');
    if (isThere(place)) return openInside(place, flags);
    return openSync(pathToWrite(place), flags | constants.O_CREAT | constants.O_EXCL);
  });
}

/**
 * Returns the path by which a file or folder is written or replaced: its parent is really inside the folder. What has
 * that name is not looked at; a rename replaces a link, not what it leads to.
 * @throws CupbearerError `bad-data` if the parent leads out, `storage`.
 */
export function pathToWrite(place: Place): string {
  if (typeof place === 'string') return place;
  const path = pathOf(place);
  const parent = withStorageErrors(`write "${path}"`, () => realPathInside(place.folder, dirname(path)));
  return join(parent, basename(path));
}

/**
 * Checks that the way to a place, as far as it is there, stays inside the folder.
 * @throws CupbearerError `bad-data` if it leads out, `storage`.
 */
export function requireInside(place: Within): void {
  let path = pathOf(place);
  withStorageErrors(`find "${path}"`, () => {
    while (!isThere(path)) path = dirname(path);
    realPathInside(place.folder, path);
  });
}

/**
 * Creates a folder below one that exists, with those above it.
 * @throws CupbearerError `bad-data` if one of them leads out, `storage`.
 */
export function createFolderWithin({ folder, name }: Within): void {
  withStorageErrors(`create the folder "${join(folder, name)}"`, () => {
    let path = folder;
    for (const part of name.split(sep)) {
      path = join(realPathInside(folder, path), part);
      try {
        mkdirSync(path);
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
      }
      if (!lstatSync(realPathInside(folder, path)).isDirectory())
        throw new CupbearerError('bad-data', `"${path}": expected a folder, found something else.`);
    }
  });
}

/**
 * Returns the entries of a folder within another; none if there is no such folder.
 * @throws CupbearerError `bad-data` if it leads out, `storage`.
 */
export function entriesWithin(place: Within): Dirent[] {
  if (!isThere(place)) return [];
  const path = pathOf(place);
  return withStorageErrors(`read the folder "${path}"`, () =>
    readdirSync(realPathInside(place.folder, path), { withFileTypes: true }),
  );
}

function openFile(path: string): number {
  // Windows has neither the flag nor pipes in folders.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const found = fstatSync(file);
  if (found.isFile()) return file;
  closeSync(file);
  const what = found.isDirectory() ? 'a folder' : 'a pipe or device';
  throw new CupbearerError('storage', `Could not read "${path}": it is ${what}, where a file was expected.`, {
    hint: 'Check the path.',
  });
}

function openInside({ folder, name }: Within, flags: number): number {
  const path = join(folder, name);
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const real = realPathInside(folder, path);
    const seen = lstatSync(real, { bigint: true });
    if (!seen.isFile()) throw new CupbearerError('bad-data', `"${path}": expected a file, found something else.`);
    // Windows has neither flag, and no pipes in folders.
    const file = openSync(real, flags | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    let isTheSame = false;
    try {
      // Between the check and the opening, a folder on the way may have been replaced by a link.
      const opened = fstatSync(file, { bigint: true });
      isTheSame = opened.dev === seen.dev && opened.ino === seen.ino && isOpenAt(file, real);
    } finally {
      if (!isTheSame) closeSync(file);
    }
    if (isTheSame) return file;
  }
  throw new CupbearerError('bad-data', `"${path}" is replaced again and again while it is opened.`);
}

/**
 * Whether an open file lies at a path without links. Linux says so itself; elsewhere a folder that is a link for an
 * instant may go unnoticed.
 */
function isOpenAt(file: number, real: string): boolean {
  if (process.platform === 'linux' && isThere('/proc/self/fd')) return readlinkSync(`/proc/self/fd/${file}`) === real;
  return realpathSync(real) === real;
}

/** Returns where `path` really is. @throws CupbearerError `bad-data` if that is not inside `folder`. */
function realPathInside(folder: string, path: string): string {
  const root = realpathSync(resolve(folder));
  const real = realpathSync(resolve(path));
  if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return real;
  throw new CupbearerError('bad-data', `"${path}" leads out of the folder "${folder}".`, {
    hint: 'Put a copy of the file in the place of the link, if you trust it.',
  });
}
