import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mostUploadFiles, type UploadPart } from '../../shared/domain/upload.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { createFolder } from '../storage/create-folder.ts';
import { checkFileName } from '../storage/file-name.ts';
import { cupbearerHome } from '../storage/home.ts';
import { createPrivateFolder } from '../storage/private-files.ts';
import { toStorageError } from '../storage/storage-error.ts';
import { temporaryPath } from '../storage/temporary-names.ts';
import { numbered } from '../../shared/format.ts';

/** Most uploads at once. */
const mostOpen = 8;
/** Most bytes of an upload. Larger datasets are imported from a folder. */
const mostBytes = 2 ** 37;
/** An upload that receives nothing for this long is dropped. */
const patienceMs = 15 * 60_000;

interface Upload {
  folder: string;
  /** Folders already created inside. */
  folders: Set<string>;
  files: number;
  bytes: number;
  timer: NodeJS.Timeout;
}

/** Files that a window sends piece by piece, stored in a folder per upload until an import takes them. */
export class Uploads {
  readonly #base: string;
  readonly #open = new Map<string, Upload>();

  constructor(base = join(cupbearerHome(), 'uploads')) {
    this.#base = base;
  }

  /** Begins an upload and returns its id. @throws CupbearerError `conflict` if too many are open, `storage`. */
  begin(): string {
    if (this.#open.size >= mostOpen) {
      throw new CupbearerError('conflict', `${mostOpen} uploads are in progress already.`, {
        hint: 'Wait until one of them has finished.',
      });
    }
    const id = randomBytes(16).toString('hex');
    // The next start removes what a killed process has left under such a name.
    const folder = temporaryPath(join(this.#base, id));
    createPrivateFolder(this.#base);
    createFolder(folder);
    this.#open.set(id, { folder, folders: new Set([folder]), files: 0, bytes: 0, timer: this.#dropLater(id) });
    return id;
  }

  /**
   * Writes a part of an upload to its folder.
   * @throws CupbearerError `usage` for a path that leads elsewhere or bytes that do not follow those before, `bad-data`
   *   for too many files or bytes, `not-found` for an upload that was dropped, `storage`.
   */
  async put(id: string, { pieces, content }: UploadPart): Promise<void> {
    const upload = this.#get(id);
    clearTimeout(upload.timer);
    upload.timer = this.#dropLater(id);
    const bytes = new Uint8Array(await content.arrayBuffer());
    let at = 0;
    for (const { path, start, bytes: length } of pieces) {
      const target = join(upload.folder, ...partsOfPath(path));
      if (start === 0) upload.files++;
      upload.bytes += length;
      if (upload.files > mostUploadFiles) throw tooMuch(`${mostUploadFiles} files`);
      if (upload.bytes > mostBytes) throw tooMuch(`${mostBytes} bytes`);
      if (at + length > bytes.length) throw unfitting(path, `${numbered(at + length, 'byte')}`, bytes.length);
      this.#makeFolder(upload, dirname(target));
      await append(target, start, bytes.subarray(at, at + length), path);
      at += length;
    }
    if (at !== bytes.length) throw unfitting('the last file', `${numbered(at, 'byte')}`, bytes.length);
  }

  /**
   * Ends an upload: hands its folder to `work` and removes it afterwards. @throws CupbearerError `not-found`; what
   * `work` throws.
   */
  async take<T>(id: string, work: (folder: string) => Promise<T>): Promise<T> {
    const { folder, timer } = this.#get(id);
    clearTimeout(timer);
    this.#open.delete(id);
    try {
      return await work(folder);
    } finally {
      await remove(folder);
    }
  }

  /** Removes an upload; does nothing if it is gone already. */
  async drop(id: string): Promise<void> {
    if (this.#open.has(id)) await this.take(id, () => Promise.resolve());
  }

  /** Removes all uploads. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((id) => this.drop(id)));
  }

  #get(id: string): Upload {
    const upload = this.#open.get(id);
    if (upload) return upload;
    throw new CupbearerError('not-found', 'This upload was dropped.', { hint: 'Choose the files again.' });
  }

  #dropLater(id: string): NodeJS.Timeout {
    return setTimeout(() => void this.drop(id), patienceMs).unref();
  }

  #makeFolder({ folders }: Upload, folder: string): void {
    if (folders.has(folder)) return;
    createFolder(folder);
    folders.add(folder);
  }
}

/** @throws CupbearerError `usage` if a path could leave the folder that it is to be put into. */
function partsOfPath(path: string): string[] {
  return path.split('/').map((part) => checkFileName(part, `The path ${JSON.stringify(path.slice(0, 200))}`));
}

/** Appends to a file that must end at `start`. */
async function append(target: string, start: number, bytes: Uint8Array, path: string): Promise<void> {
  try {
    const file = await open(target, start === 0 ? 'wx' : 'r+');
    try {
      const { size } = await file.stat();
      if (size !== start) throw unfitting(path, `bytes from ${size} on`, start);
      await file.write(bytes, 0, bytes.length, start);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw toStorageError(error, `write "${path}"`);
  }
}

/** Ignores failures: what stays behind is in nobody's way. */
async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}

function unfitting(path: string, expected: string, found: number): CupbearerError {
  return new CupbearerError('usage', `Upload of ${path}: expected ${expected}, found ${found}.`);
}

function tooMuch(most: string): CupbearerError {
  return new CupbearerError('bad-data', `Expected at most ${most}, found more.`, {
    hint: 'Import the folder on the machine that runs the program instead.',
  });
}
