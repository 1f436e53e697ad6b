import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { writeFileAtomically } from './atomic-write.ts';
import { createFolder } from './create-folder.ts';
import { cupbearerHome } from './home.ts';
import { withStorageErrors } from './storage-error.ts';
import { temporaryPath } from './temporary-names.ts';

/**
 * Permissions of what is this user's alone, whatever the mask of the process. Windows keeps profiles apart without
 * them.
 */
const folderMode = 0o700;
const fileMode = 0o600;
const ownerBits = 0o700;

/** A folder with one of these bits (set group id, sticky) was set up to be shared. */
const sharedBits = 0o3000;

/** Files that earlier versions wrote with the usual permissions. */
const ownFile = /^(catalogue\.|folders\.txt$|(settings|draft|removed|threads)\.json$)/;

/** Creates a folder, and those above it that are missing, for this user alone. @throws CupbearerError `storage`. */
export function createPrivateFolder(path: string): void {
  createFolder(path, folderMode);
}

/** Writes a file for this user alone, whole or not at all, and creates its folder. @throws CupbearerError `storage`. */
export function writePrivateFile(path: string, content: string): void {
  createPrivateFolder(dirname(path));
  writeFileAtomically(path, content, { mode: fileMode });
}

/**
 * Opens a file for reading and appending, and returns its descriptor. One that is not there is created for this user
 * alone.
 * @throws Error of the system.
 */
export function openPrivateFile(path: string): number {
  const isNew = !existsSync(path);
  const file = openSync(path, 'a+', fileMode);
  if (isNew) fchmodSync(file, fileMode);
  return file;
}

/**
 * Adds a line to a file of this user alone, which is created if need be. @throws CupbearerError `storage`.
 */
export function appendPrivateLine(path: string, line: string): void {
  withStorageErrors(`write "${path}"`, () => {
    const file = openPrivateFile(path);
    try {
      writeSync(file, (endsLine(file) ? '' : '\n') + line + '\n');
    } finally {
      closeSync(file);
    }
  });
}

/** Whether the next thing written begins a line: false after a line that a crash cut off. */
function endsLine(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  if (size > 0) readSync(file, last, 0, 1, size - 1);
  return size === 0 || last[0] === 0x0a;
}

/** Removes a file that may be there. @throws CupbearerError `storage`. */
export function discardFile(path: string): void {
  withStorageErrors(`remove "${path}"`, () => rmSync(path, { force: true }));
}

/**
 * Creates a new folder for what is needed for a moment; one that a crash leaves is removed later. @throws
 * CupbearerError `storage`.
 */
export function createScratchFolder(name: string): string {
  const folder = temporaryPath(join(cupbearerHome(), 'scratch', name));
  createPrivateFolder(folder);
  return folder;
}

/**
 * Creates the program's own folder for this user alone, and takes it and the files in it away from others where an
 * earlier version left them open. A folder that was set up to be shared, belongs to somebody else or holds the user's
 * own home is left as it is. @throws CupbearerError `storage`.
 */
export function openHome(home: string): void {
  createPrivateFolder(home);
  try {
    const uid = process.geteuid?.();
    if (uid === undefined || (statSync(home).mode & sharedBits) !== 0 || isInside(homedir(), home)) return;
    takeFromOthers(home, uid);
    for (const name of readdirSync(home)) if (ownFile.test(name)) takeFromOthers(join(home, name), uid);
  } catch {
    // A disk without permissions, or a folder that can only be read. Opening the catalogue says what does not work.
  }
}

function takeFromOthers(path: string, uid: number): void {
  const { mode, uid: owner } = statSync(path);
  if (owner === uid && (mode & 0o777 & ~ownerBits) !== 0) chmodSync(path, mode & ownerBits);
}

function isInside(path: string, folder: string): boolean {
  return !relative(folder, path).startsWith('..');
}
