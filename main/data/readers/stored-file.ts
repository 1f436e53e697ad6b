import { readdirSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { CupbearerError } from '../../../shared/errors.ts';
import { systemCode, toStorageError } from '../../storage/storage-error.ts';
import { requireDataReach } from '../data-reach.ts';
import { storedPlaces } from '../stored-places.ts';
import { largestDataBytes } from './gunzip.ts';
import { command, worded, type Sentence } from '../../../shared/wording.ts';

/** A dataset's file as it lies on disk. */
export interface StoredFile {
  path: string;
  bytes: Uint8Array;
}

/**
 * Reads a file of a dataset from the first of {@link storedPlaces} where it is; undefined where it is at none.
 * @throws CupbearerError `bad-data` where it is not a file or too large to be a dataset, `storage` where it cannot be read.
 */
export async function readStoredFile(folder: string, name: string): Promise<StoredFile | undefined> {
  let other: string | undefined;
  for (const path of storedPlaces(folder, name)) {
    try {
      const found = await stat(path);
      requireDataReach(path);
      if (!found.isFile()) {
        other ??= path;
        continue;
      }
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
  if (other !== undefined) throw new CupbearerError('bad-data', `${other}: expected a file, found something else.`);
  return undefined;
}

/** The error for a dataset whose files are not there. */
export function missingData(
  dataset: string,
  folder: string,
  expected: string,
  hint: Sentence = worded`${command(`Get it with: npx cupbearer data download ${dataset}`, 'Download it on the screen Datasets.')}`,
): CupbearerError {
  return new CupbearerError(
    'not-found',
    `The dataset "${dataset}" is not in ${folder}: expected ${expected}, found ${namesIn(folder)}.`,
    {
      hint,
      details: { dataset, folder },
    },
  );
}

/** How many names a message lists. */
const named = 6;

/** What is in a folder instead, in a few words. */
function namesIn(folder: string): string {
  let names: string[];
  try {
    requireDataReach(folder);
    names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch {
    // One that is not there, or that cannot be read: what is expected says enough.
    return 'none';
  }
  if (names.length === 0) return 'none';
  return `${names.sort().slice(0, named).join(', ')}${names.length > named ? ', …' : ''} instead`;
}
