import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { systemCode, toStorageError } from './storage-error.ts';
import { temporaryPath } from './temporary-names.ts';
import { pathToWrite, type Place } from './within-folder.ts';
import { createFolder } from './create-folder.ts';

/** The content of a file, whole or part by part. */
export type Content = Uint8Array | string | Iterable<Uint8Array>;

function writeAndSync(path: string, content: Content, mode?: number): void {
  const file = openSync(path, 'wx', mode);
  try {
    // The process' mask takes bits away from the mode that a file is opened with.
    if (mode !== undefined) fchmodSync(file, mode);
    if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(file, content);
    else for (const part of content) writeFileSync(file, part);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Removes what is no longer wanted; failing at that must not hide why it is unwanted, nor undo a success. */
export function discard(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It stays behind under a temporary name, which readers ignore.
  }
}

/** Makes a rename in `folder` outlast a power failure, where the system can (Windows and some network disks cannot). */
function syncFolder(folder: string): void {
  let file: number | undefined;
  try {
    file = openSync(folder, 'r');
    fsyncSync(file);
  } catch {
    // The content itself is safe; only how soon the new name reaches the disk is not ours to force here.
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Renames `from` to `to` unless that name is taken. */
function renameExclusively(from: string, to: string): void {
  try {
    linkSync(from, to);
    rmSync(from);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') throw alreadyThere(to, error);
    // Disks without hard links (FAT, some network disks): the check and the rename are then two steps.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    if (existsSync(to)) throw alreadyThere(to, error);
    renameSync(from, to);
  }
}

function alreadyThere(path: string, cause: unknown): CupbearerError {
  return new CupbearerError('conflict', `"${path}" exists already; nothing was overwritten.`, { cause });
}

/**
 * Writes a whole file so that at every moment either the old or the new content is there, never a part: a temporary
 * name in the same folder, flushed to disk, then renamed. On failure the temporary file is removed. With `exclusive`,
 * an existing file is never replaced, even when two processes write at once. The file's permissions are `mode`, or what
 * the process' mask makes of the usual ones.
 * @throws CupbearerError `storage` if the disk is full or the folder cannot be written to; `conflict` if
 * `exclusive` is set and the file exists; `bad-data` if the way to it leads out of its folder.
 */
export function writeFileAtomically(
  place: Place,
  content: Content,
  options: { exclusive?: boolean; mode?: number } = {},
): void {
  const path = pathToWrite(place);
  const temporaryFile = temporaryPath(path);
  try {
    writeAndSync(temporaryFile, content, options.mode);
    if (options.exclusive) renameExclusively(temporaryFile, path);
    else renameSync(temporaryFile, path);
  } catch (error) {
    discard(temporaryFile);
    throw toStorageError(error, `write "${path}"`);
  }
  syncFolder(dirname(path));
}

/**
 * Replaces a whole folder of files, some of them in folders of it, so that files of an earlier result never lie among those of a later one. Between
 * two renames the folder is absent for a moment; it is never there in part.
 * @throws CupbearerError `storage` as {@link writeFileAtomically} does; the earlier folder is then as it was.
 */
export function replaceFolder(place: Place, files: Readonly<Record<string, Content>>): void {
  const path = pathToWrite(place);
  const incoming = temporaryPath(path);
  const outgoing = temporaryPath(path, 'old');
  try {
    mkdirSync(incoming);
    const folders = new Set(Object.keys(files).map((name) => join(incoming, dirname(name))));
    for (const folder of folders) createFolder(folder);
    for (const [name, content] of Object.entries(files)) writeAndSync(join(incoming, name), content);
    for (const folder of folders) syncFolder(folder);
    syncFolder(incoming);
    const hadOne = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    if (hadOne) renameSync(path, outgoing);
    try {
      renameSync(incoming, path);
    } catch (error) {
      if (hadOne) renameSync(outgoing, path);
      throw error;
    }
  } catch (error) {
    discard(incoming);
    throw toStorageError(error, `write the folder "${path}"`);
  }
  discard(outgoing);
  syncFolder(dirname(path));
}
