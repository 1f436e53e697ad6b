// Plain JavaScript, since the launcher imports it (see cupbearer-home.mjs).
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const sticky = 0o1000;

/**
 * Returns the topmost folder by which another user of this machine could change what `path` holds, or put something
 * else in its place; undefined where only this user and the administrator can. Windows has no owners to compare: always
 * undefined.
 * @param {string} path A folder that exists.
 * @param {number | undefined} uid This user.
 * @returns {string | undefined}
 */
export function exposedFolder(path, uid = process.getuid?.()) {
  if (uid === undefined) return undefined;
  let isClosed = false;
  // The real path holds no links, so whoever can redirect one changes which folders are checked, not the outcome.
  for (const folder of fromRoot(realpathSync(path))) {
    const { uid: owner, gid, mode } = lstatSync(folder);
    if (owner !== uid && owner !== 0) return folder;
    // Many systems give every user a group of the user's own number, which nobody else is in.
    const forOthers = gid === owner ? mode & 0o007 : mode & 0o077;
    // In a sticky folder nobody renames or deletes what belongs to somebody else.
    if (!isClosed && (forOthers & 0o022) !== 0 && (mode & sticky) === 0) return folder;
    // Nobody else gets past this one, whatever the permissions below it are.
    isClosed ||= owner === uid && (forOthers & 0o011) === 0;
  }
  return undefined;
}

/**
 * Returns the real path of a folder for what must be this user's alone, such as code that is read back. The folder, and
 * those above it, are created where they are missing, for this user alone. Undefined if it cannot be created, where
 * somebody else owns it or could change it, and anywhere below a folder that all users may write to, sticky or not:
 * what clears such a folder away makes room for somebody else's of the same name.
 * @param {string} path
 * @param {number | undefined} uid This user; on Windows, if there is none, the caller names a folder of the user's
 * profile.
 * @returns {string | undefined}
 */
export function privateFolder(path, uid = process.getuid?.()) {
  try {
    const { existing, missing } = split(resolve(path));
    const base = realpathSync(existing);
    if (uid !== undefined && !isPrivate(base, uid)) return undefined;
    const folder = join(base, ...missing);
    // One level at a time: a recursive mkdir does not return from a file system that takes no folders, such as /proc.
    missing.reduce((above, name) => createFolder(join(above, name)), base);
    if (uid === undefined) return folder;
    const { uid: owner, mode } = lstatSync(folder);
    return owner === uid && (mode & 0o022) === 0 && isPrivate(folder, uid) ? folder : undefined;
  } catch {
    // A folder that cannot be had is done without.
    return undefined;
  }
}

/**
 * @param {string} folder A real path.
 * @param {number} uid
 */
function isPrivate(folder, uid) {
  const forAll = fromRoot(folder).some((part) => (lstatSync(part).mode & 0o002) !== 0);
  return !forAll && lstatSync(folder).isDirectory() && exposedFolder(folder, uid) === undefined;
}

/**
 * The lowest part of a path that exists, and the names below it.
 * @param {string} path
 * @returns {{ existing: string; missing: string[] }}
 */
function split(path) {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return { existing: path, missing: [] };
  const { existing, missing } = split(dirname(path));
  return { existing, missing: [...missing, basename(path)] };
}

/**
 * A path and all above it, the topmost first.
 * @param {string} path
 * @returns {string[]}
 */
function fromRoot(path) {
  const above = dirname(path);
  return above === path ? [path] : [...fromRoot(above), path];
}

/** @param {string} path */
function createFolder(path) {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process of ours may have been first; whose it is, is checked afterwards.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
  return path;
}
