import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { systemCode, withStorageErrors } from './storage-error.ts';
import { given } from '../../shared/given.ts';

/** So many levels of a path may be missing; more is a mistake, and takes a system seconds. */
const mostLevels = 100;
/** A path is shown whole up to so many characters. */
const mostShown = 300;

/**
 * Creates a folder and those above it that are missing, each level tried once: the recursive `mkdir` of Node.js does
 * not return where the system refuses a folder as if the one above it did not exist, as it does in `/proc`. Those
 * created get the permissions `mode`, or what the process' mask makes of the usual ones.
 * @throws CupbearerError `storage`.
 */
export function createFolder(path: string, mode?: number): void {
  creating(path, () => {
    const missing = missingFolders(resolve(path));
    if (missing === undefined) throw refused(path, `more than ${mostLevels} folders above it are missing`);
    for (const folder of missing) {
      // Another process may have been first.
      if (tryToCreate(folder, mode) || isFolder(folder)) continue;
      const isLink = lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink();
      throw refused(
        path,
        isLink ? `the link "${folder}" leads nowhere` : 'a part of its path is a file, where a folder was expected',
      );
    }
  });
}

/**
 * Creates one folder, in one that exists. Returns false, and creates nothing, if something of that name is there.
 * @throws CupbearerError `storage`.
 */
export function createNewFolder(path: string): boolean {
  return creating(path, () => tryToCreate(path));
}

function creating<T>(path: string, create: () => T): T {
  // Node.js would call this a defect of its caller.
  if (path.includes('\0')) throw refused(path.replaceAll('\0', '\\0'), 'a path cannot hold the character \\0');
  return withStorageErrors(attempt(path), create);
}

/** Levels of a path that are not folders, the topmost first; undefined if they are too many. */
function missingFolders(path: string): string[] | undefined {
  const missing: string[] = [];
  for (let at = path; !isFolder(at); at = dirname(at)) {
    missing.unshift(at);
    if (missing.length > mostLevels) return undefined;
    // The root of a drive that is not there.
    if (dirname(at) === at) break;
  }
  return missing;
}

function tryToCreate(path: string, mode?: number): boolean {
  try {
    mkdirSync(path, { mode });
    // The process' mask takes bits away from the mode that a folder is created with.
    if (mode !== undefined) chmodSync(path, mode);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    const above = dirname(path);
    if (systemCode(error) === 'ENOENT' && isFolder(above))
      throw refused(path, `the system creates no folders in "${above}"`, error);
    throw error;
  }
}

/** @throws Error of the system if the path cannot be followed to its end. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function refused(path: string, says: string, cause?: unknown): CupbearerError {
  return new CupbearerError('storage', `Could not ${attempt(path)}: ${says}.`, {
    hint: 'Choose another folder.',
    ...given({ cause }),
  });
}

function attempt(path: string): string {
  const half = mostShown / 2;
  return `create the folder "${path.length > mostShown ? `${path.slice(0, half)}…${path.slice(-half)}` : path}"`;
}
