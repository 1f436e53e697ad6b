import { readFileSync } from 'node:fs';
import { CupbearerError } from '../../shared/errors.ts';
import { systemCode, toStorageError } from './storage-error.ts';

/**
 * The bytes of a file.
 * @throws CupbearerError `not-found` where there is no such file, `storage` where it cannot be read.
 */
export function readFileBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new CupbearerError('not-found', `There is no file "${path}".`, { cause: error });
    }
    throw toStorageError(error, `read "${path}"`);
  }
}

/** The text of a UTF-8 file; @throws CupbearerError as {@link readFileBytes}, and `bad-data` where it is not UTF-8. */
export function readTextFile(path: string): string {
  const bytes = readFileBytes(path);
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
  const text = readTextFile(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CupbearerError('bad-data', `"${path}": expected JSON, found a fault (${why}).`, { cause: error });
  }
}
