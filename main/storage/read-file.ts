import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { CupbearerError } from '../../shared/errors.ts';
import { systemCode, toStorageError } from './storage-error.ts';

/**
 * The bytes of a file.
 * @throws CupbearerError `not-found` where there is no such file, `storage` where it cannot be read.
 */
export function readFileBytes(path: string): Uint8Array {
  return reading(path, () => readFileSync(path));
}

/**
 * The first bytes of a file, at most `length` of them.
 * @throws CupbearerError `not-found` where there is no such file, `storage` where it cannot be read.
 */
export function readFileStart(path: string, length: number): Uint8Array {
  return reading(path, () => {
    const file = openSync(path, 'r');
    try {
      const bytes = new Uint8Array(Math.min(length, fstatSync(file).size));
      let done = 0;
      while (done < bytes.length) {
        const read = readSync(file, bytes, done, bytes.length - done, done);
        if (read === 0) break;
        done += read;
      }
      return bytes.subarray(0, done);
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
