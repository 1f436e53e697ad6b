import {
  constants,
  fstatSync,
  lstatSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { writeFileAtomically } from '../../storage/atomic-write.ts';
import { readFileBytes } from '../../storage/read-file.ts';
import { toStorageError, withStorageErrors } from '../../storage/storage-error.ts';

/** Links in a row before a path counts as a circle, as Linux counts. */
const mostLinks = 40;

/**
 * Writes a file that the user named. Through a link it writes to what the link leads to. A regular file is replaced whole or not at
 * all; a pipe, a device, and what this program's own output goes to stay what they are and get the content.
 * Returns whether the content went to standard output.
 * @throws CupbearerError `storage`, as for a folder.
 */
export async function writeNamedFile(path: string, content: Uint8Array | string): Promise<boolean> {
  const task = `write "${path}"`;
  const found = withStorageErrors(task, () => statSync(path, { throwIfNoEntry: false }));
  if (found?.isDirectory() === true)
    throw new CupbearerError('storage', `Could not write "${path}": it is a folder, where a file was expected.`, {
      hint: 'Add the name of a file.',
    });
  const own = found === undefined ? undefined : ownStream(found);
  if (own !== undefined) {
    // Content that is lost is reported where all lost output is.
    await new Promise<void>((done) => own.write(content, () => done()));
    return own === process.stdout;
  }
  if (found === undefined || found.isFile()) {
    const target = withStorageErrors(task, () => (found === undefined ? linkTarget(path) : realpathSync(path)));
    writeFileAtomically(target, content);
    return false;
  }
  try {
    // Asynchronous: opening a pipe waits for a reader, and Ctrl-C must still end the program.
    const file = await open(path, constants.O_WRONLY);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw toStorageError(error, task);
  }
  return false;
}

/**
 * Lets `make` write a file that the user named, whole or not at all, at the path that it is given: where a link leads, or beside
 * nothing else, from where the content goes on into a pipe or a device. Returns whether it went to standard output.
 * @throws CupbearerError what `make` throws, `storage` as {@link writeNamedFile}.
 */
export async function makeNamedFile(path: string, make: (file: string) => Promise<void>): Promise<boolean> {
  const found = withStorageErrors(`write "${path}"`, () => statSync(path, { throwIfNoEntry: false }));
  if (found === undefined || (found.isFile() && ownStream(found) === undefined)) {
    await make(
      withStorageErrors(`write "${path}"`, () => (found === undefined ? linkTarget(path) : realpathSync(path))),
    );
    return false;
  }
  if (found.isDirectory()) return writeNamedFile(path, '');
  const folder = withStorageErrors('make a temporary folder', () => mkdtempSync(join(tmpdir(), 'cupbearer-file-')));
  try {
    const made = join(folder, 'made');
    await make(made);
    return await writeNamedFile(path, readFileBytes(made));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns standard output or error if it goes to this very file, pipe or device, which a path like /dev/stdout leads to. */
function ownStream({ dev, ino }: Stats): NodeJS.WriteStream | undefined {
  return [process.stdout, process.stderr].find((_, i) => {
    try {
      const opened = fstatSync(i + 1);
      return ino !== 0 && opened.dev === dev && opened.ino === ino;
    } catch {
      // It is closed.
      return false;
    }
  });
}

/** Returns where a link leads whose target does not exist yet; any other path as it is. */
function linkTarget(path: string): string {
  let target = path;
  for (let links = 0; links < mostLinks; links++) {
    if (lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return target;
    target = resolve(realpathSync(dirname(target)), readlinkSync(target));
  }
  throw new CupbearerError('storage', `Could not write "${path}": links in its path lead in a circle.`, {
    hint: 'Check the path.',
  });
}
