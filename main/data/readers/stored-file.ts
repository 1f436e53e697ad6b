import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { systemCode, toStorageError } from '../../storage/storage-error.ts';
import { requireDataReach } from '../data-reach.ts';
import { largestDataBytes } from './gunzip.ts';

/** A dataset's file as it lies on disk. */
export interface StoredFile {
  path: string;
  bytes: Uint8Array;
}

/**
 * Reads `folder/name`, or `folder/name.gz` where there is no such file; undefined where there is neither.
 * @throws CupbearerError `bad-data` where it is not a file or too large to be a dataset, `storage` where it cannot be read.
 */
export async function readStoredFile(folder: string, name: string): Promise<StoredFile | undefined> {
  for (const path of [join(folder, name), join(folder, `${name}.gz`)]) {
    try {
      const found = await stat(path);
      requireDataReach(path);
      if (!found.isFile()) throw new CupbearerError('bad-data', `${path}: expected a file, found something else.`);
      if (found.size > largestDataBytes) {
        throw new CupbearerError(
          'bad-data',
          `${path}: expected at most ${largestDataBytes} bytes, found ${found.size}.`,
        );
      }
      return { path, bytes: await readFile(path) };
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') continue;
      throw toStorageError(error, `read "${path}"`);
    }
  }
  return undefined;
}

/** The error for a dataset whose files are not there. */
export function missingData(
  dataset: string,
  folder: string,
  expected: string,
  hint = `Get it with: npx cupbearer data download ${dataset}`,
): CupbearerError {
  return new CupbearerError(
    'not-found',
    `The dataset "${dataset}" is not in ${folder}: expected ${expected}, found none.`,
    {
      hint,
      details: { dataset, folder },
    },
  );
}
