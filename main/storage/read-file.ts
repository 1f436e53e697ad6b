import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { parseBoundedJson, usualJsonBounds, type JsonBounds } from '../../shared/bounded-json.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { systemCode, toStorageError } from './storage-error.ts';

/** More than this in one piece is beyond what Node.js reads. */
const largestBytes = 2 ** 31 - 1;

/**
 * Opens a file for reading and returns its descriptor. Anything but a regular file is refused: opening a named pipe
 * that nobody writes to would otherwise never return.
 * @throws CupbearerError `not-found` if there is no such file, `storage` if it cannot be read.
 */
export function openForReading(path: string): number {
  return reading(path, () => {
    // Windows has neither the flag nor pipes in folders.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const found = fstatSync(file);
    if (found.isFile()) return file;
    closeSync(file);
    const what = found.isDirectory() ? 'a folder' : 'a pipe or device';
    throw new CupbearerError('storage', `Could not read "${path}": it is ${what}, where a file was expected.`, {
      hint: 'Check the path.',
    });
  });
}

/**
 * Returns the bytes of a file.
 * @throws CupbearerError `not-found` if there is no such file, `storage` if it cannot be read, `bad-data` if it is
 * larger than `mostBytes`.
 */
export function readFileBytes(path: string, mostBytes: number = largestBytes): Uint8Array {
  return withFile(path, (file) => {
    const { size } = fstatSync(file);
    if (size <= mostBytes) return readFileSync(file);
    throw new CupbearerError('bad-data', `"${path}": expected at most ${mostBytes} bytes, found ${size}.`);
  });
}

/**
 * Returns the first bytes of a file, at most `length` of them.
 * @throws CupbearerError `not-found` if there is no such file, `storage` if it cannot be read.
 */
export function readFileStart(path: string, length: number): Uint8Array {
  return withFile(path, (file) => {
    const bytes = new Uint8Array(Math.min(length, fstatSync(file).size));
    let done = 0;
    while (done < bytes.length) {
      const read = readSync(file, bytes, done, bytes.length - done, done);
      if (read === 0) break;
      done += read;
    }
    return bytes.subarray(0, done);
  });
}

function withFile<T>(path: string, read: (file: number) => T): T {
  const file = openForReading(path);
  try {
    return reading(path, () => read(file));
  } finally {
    closeSync(file);
  }
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new CupbearerError('not-found', `There is no file "${path}".`, { cause: error });
    }
    throw toStorageError(error, `read "${path}"`);
  }
}

/** Bytes of the file `path` as text; @throws CupbearerError `bad-data` where they are not UTF-8. */
export function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new CupbearerError('bad-data', `"${path}": expected text in UTF-8, found other bytes.`, { cause: error });
  }
}

/**
 * Returns what a JSON file holds.
 * @throws CupbearerError `not-found`, `storage`, or `bad-data` if the content is not JSON or beyond `bounds`.
 */
export function readJsonFile(path: string, bounds: JsonBounds = usualJsonBounds): unknown {
  return parseBoundedJson(decodeText(readFileBytes(path, bounds.mostBytes), path), bounds, `"${path}"`);
}
