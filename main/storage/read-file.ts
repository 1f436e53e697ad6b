import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { CupbearerError } from '../../shared/errors.ts';
import { systemCode, toStorageError } from './storage-error.ts';

/**
 * Returns the bytes of a file.
 * @throws CupbearerError `not-found` where there is no such file, `storage` where it cannot be read, `bad-data` where it
 *   has more than `most` bytes or is not a file.
 */
export function readFileBytes(path: string, most?: number): Uint8Array {
  if (most === undefined) return reading(path, () => readFileSync(path));
  return readingFile(path, (file, size) => {
    if (size > most) throw new CupbearerError('bad-data', `"${path}": expected at most ${most} bytes, found ${size}.`);
    return readFileSync(file);
  });
}

/**
 * Returns the first bytes of a file, at most `length` of them.
 * @throws CupbearerError `not-found` where there is no such file, `storage` where it cannot be read, `bad-data` where it is
 *   not a file.
 */
export function readFileStart(path: string, length: number): Uint8Array {
  return readingFile(path, (file, size) => readPart(file, 0, Math.min(length, size)));
}

/** Returns the last bytes of a file, at most `length` of them. @throws CupbearerError as {@link readFileStart}. */
export function readFileEnd(path: string, length: number): Uint8Array {
  return readingFile(path, (file, size) => readPart(file, Math.max(0, size - length), Math.min(length, size)));
}

/** `length` bytes from `start` on, fewer where the file has been cut off since. */
function readPart(file: number, start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const read = readSync(file, bytes, done, length - done, start + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}

/** Reads from an open file of `size` bytes. A pipe or a device, which have no end and may never answer, is refused. */
function readingFile(path: string, read: (file: number, size: number) => Uint8Array): Uint8Array {
  return reading(path, () => {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = fstatSync(file);
      if (!found.isFile()) throw new CupbearerError('bad-data', `"${path}": expected a file, found something else.`);
      return read(file, found.size);
    } finally {
      closeSync(file);
    }
  });
}

function reading(path: string, read: () => Uint8Array): Uint8Array {
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
 * What a JSON file holds.
 * @throws CupbearerError `not-found`, `storage`, or `bad-data` where the content is not JSON.
 */
export function readJsonFile(path: string): unknown {
  const text = decodeText(readFileBytes(path), path);
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CupbearerError('bad-data', `"${path}": expected JSON, found a fault (${why}).`, { cause: error });
  }
}
