import { closeSync, fstatSync, readFileSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { parseBoundedJson, usualJsonBounds, type JsonBounds } from '../../shared/bounded-json.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/format.ts';
import { toStorageError } from './storage-error.ts';
import { openToRead, pathOf, type Place } from './within-folder.ts';

/** The most that Node can read into memory at once. */
const mostBytes = 2 ** 31 - 1;
/** A text that is parsed takes several times its size in memory: a larger one is not read. */
export const mostTextBytes = 2 ** 26;

/**
 * Returns the bytes of a file of at most `most` bytes.
 * @throws CupbearerError `not-found` if there is no such file, `storage` if it cannot be read, `bad-data` if it is
 * larger, or is not a file inside its folder.
 */
export function readFileBytes(place: Place, most = mostBytes): Uint8Array {
  return reading(place, (file) => {
    const { size } = fstatSync(file);
    if (size <= most) return readFileSync(file);
    const [limit, found] = tellApart(most, size);
    throw new CupbearerError('bad-data', `"${pathOf(place)}": expected at most ${limit}, found ${found}.`);
  });
}

/**
 * Returns the first bytes of a file, at most `length` of them.
 * @throws CupbearerError as {@link readFileBytes}.
 */
export function readFileStart(place: Place, length: number): Uint8Array {
  return reading(place, (file) => readPart(file, 0, Math.min(length, fstatSync(file).size)));
}

/** Returns the last bytes of a file, at most `length` of them. @throws CupbearerError as {@link readFileStart}. */
export function readFileEnd(place: Place, length: number): Uint8Array {
  return reading(place, (file) => {
    const { size } = fstatSync(file);
    return readPart(file, Math.max(0, size - length), Math.min(length, size));
  });
}

/** Returns `length` bytes from `start` on; fewer if the file has become shorter. */
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

/**
 * Resolves with at most `length` bytes of a file of the program's own from `start` on; fewer near its end.
 * @throws CupbearerError `storage` if it cannot be read.
 */
export async function readFilePart(path: string, start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const file = await open(path, 'r');
    try {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await file.read(bytes, 0, length, start);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw toStorageError(error, `read "${path}"`);
  }
}

/** Returns the size of a file, bytes. @throws CupbearerError as {@link readFileStart}. */
export function fileSize(place: Place): number {
  return reading(place, (file) => fstatSync(file).size);
}

function reading<T>(place: Place, read: (file: number) => T): T {
  const file = openToRead(place);
  try {
    return read(file);
  } catch (error) {
    throw toStorageError(error, `read "${pathOf(place)}"`);
  } finally {
    closeSync(file);
  }
}

/** Formats two sizes for people, exact to the byte if they would otherwise look the same. */
function tellApart(a: number, b: number): [string, string] {
  const [first, second] = [formatBytes(a), formatBytes(b)];
  return first === second ? [`${a} bytes`, `${b} bytes`] : [first, second];
}

/** Decodes the bytes of the file `path` as text. @throws CupbearerError `bad-data` if they are not UTF-8. */
export function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new CupbearerError('bad-data', `"${path}": expected text in UTF-8, found other bytes.`, { cause: error });
  }
}

/**
 * Returns the text of a file.
 * @throws CupbearerError as {@link readFileBytes}, and `bad-data` if it is not UTF-8.
 */
export function readTextFile(place: Place, most = mostTextBytes): string {
  return decodeText(readFileBytes(place, most), pathOf(place));
}

/**
 * Returns what a JSON file holds.
 * @throws CupbearerError as {@link readTextFile}, and `bad-data` if the content is not JSON or beyond `bounds`.
 */
export function readJsonFile(place: Place, bounds: JsonBounds = usualJsonBounds): unknown {
  return parseBoundedJson(readTextFile(place, bounds.mostBytes), bounds, `"${pathOf(place)}"`);
}
