import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { createFolder } from '../../storage/create-folder.ts';
import { isProcessAlive } from '../../storage/process-identity.ts';
import { systemCode, withStorageErrors } from '../../storage/storage-error.ts';
import { leadingPage } from './pages.ts';

/** A file that leads the user's browser to a link. */
export interface SignInFile {
  readonly path: string;
  remove(): void;
}

const fileName = /^(\d+)-[0-9a-f]{12}\.html$/;

/**
 * Writes a file in `folder` that leads a browser to `link`. Every user of a machine can read the arguments of a
 * browser, so these name the file, which its owner alone can read. Files of processes that have ended are removed.
 * @throws CupbearerError `storage` if it cannot be written, or `folder` is not this user's alone.
 */
export function writeSignInFile(link: string, folder: string): SignInFile {
  createFolder(dirname(folder));
  const path = join(folder, `${process.pid}-${randomBytes(6).toString('hex')}.html`);
  withStorageErrors(`write "${path}"`, () => {
    createOwnFolder(folder);
    removeLeftovers(folder);
    // Exclusive: a link of that name is not followed.
    writeFileSync(path, leadingPage(link), { mode: 0o600, flag: 'wx' });
  });
  return { path, remove: () => rmSync(path, { force: true }) };
}

/**
 * Creates a folder that no other user can enter, or restricts an existing one. Windows separates profiles without
 * modes.
 */
function createOwnFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) {
    const hint = 'Remove it, and start the program again.';
    throw new CupbearerError('storage', `"${path}" is not a folder of your own.`, { hint });
  }
  if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
}

function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = fileName.exec(name)?.[1];
    if (pid !== undefined && !isProcessAlive(Number(pid), null)) rmSync(join(folder, name), { force: true });
  }
}
