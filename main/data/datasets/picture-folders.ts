import { existsSync, opendirSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dirent } from 'node:fs';
import { requireDataReach } from '../data-reach.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { toStorageError, withStorageErrors } from '../../storage/storage-error.ts';
import { RandomStream } from '../../tensor/random.ts';
import { checkNotCancelled } from '../cancellation.ts';
import type { PictureFile } from '../pictures/decode-pictures.ts';

const pictureName = /\.(png|jpe?g|ppm)$/i;

/** Most classes: labels have 16 bits. */
const mostClasses = 2 ** 16;
/** Most pictures of a half. */
const mostPictures = 2_000_000;
/** Most entries of a folder of classes that are looked at, so that somebody's folder of downloads is soon refused. */
const mostBesideClasses = 2 * mostClasses;

/** Where pictures are and which of them are meant. */
interface PictureHalf {
  folder: string;
  train: boolean;
  test_fraction: number;
  folder_seed: number;
}

/** Whether the name is that of a picture file. */
export function isPictureName(name: string): boolean {
  return pictureName.test(name);
}

/**
 * Returns the pictures of one half and the names of the classes.
 * @throws CupbearerError `not-found` where there is no such folder, `bad-data` where it has no pictures or too many,
 *   `storage`, `cancelled`.
 */
export async function findPictures(
  { folder, train, test_fraction, folder_seed }: PictureHalf,
  signal?: AbortSignal,
): Promise<{ files: PictureFile[]; classes: string[] }> {
  const hasHalves = givesHalves(folder);
  const classes = classesIn(folder);
  const half = hasHalves ? join(folder, train ? 'train' : 'test') : folder;
  const files: PictureFile[] = [];
  for (const [label, name] of classes.entries()) {
    const path = join(half, name);
    const all = await picturesIn(path, mostPictures - files.length, signal);
    const testCount = hasHalves ? 0 : Math.round(test_fraction * all.length);
    const order = RandomStream.from(folder_seed, 'image-folder', name).permutation(all.length);
    const chosen = hasHalves ? order : train ? order.subarray(testCount) : order.subarray(0, testCount);
    for (const k of chosen.slice().sort()) files.push({ path: join(path, all[k]!), label });
  }
  if (files.length > 0) return { files, classes };
  throw new CupbearerError(
    'bad-data',
    `Expected folders with PNG, JPEG or PPM files in ${half}, one for each class, found ${classes.length} folders with none of the ${train ? 'training' : 'test'} half.`,
  );
}

/** Returns whether the folder has the halves as folders `train` and `test`. */
export function givesHalves(folder: string): boolean {
  return existsSync(join(folder, 'train')) && existsSync(join(folder, 'test'));
}

/**
 * Returns the names of the classes, sorted. The training half decides which there are, so that both halves number them
 * alike. Looks at the entries of that one folder only.
 * @throws CupbearerError `not-found` where there is no such folder, `bad-data` where it holds no classes or too many.
 */
export function classesIn(folder: string): string[] {
  if (!existsSync(folder)) {
    throw new CupbearerError('not-found', `There is no folder "${folder}" of pictures.`, {
      hint: 'Look whether it was moved or renamed, or its disk taken away.',
    });
  }
  const holder = givesHalves(folder) ? join(folder, 'train') : folder;
  const classes = withStorageErrors(`read the folder "${holder}"`, () => foldersIn(holder));
  if (classes.length > 0) return classes;
  throw new CupbearerError(
    'bad-data',
    `Expected folders with PNG, JPEG or PPM files in ${folder}, one for each class, found 0 folders.`,
  );
}

function foldersIn(path: string): string[] {
  requireDataReach(path);
  const names: string[] = [];
  const folder = opendirSync(path);
  try {
    let seen = 0;
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      if (++seen > mostBesideClasses) throw tooMany(path, `${mostBesideClasses} files and folders`);
      if (isShown(entry) && entry.isDirectory()) names.push(entry.name);
      if (names.length > mostClasses) throw tooMany(path, `${mostClasses} classes`);
    }
  } finally {
    folder.closeSync();
  }
  return names.sort();
}

/** Names of the pictures in a folder, sorted; none where it is not there. */
async function picturesIn(path: string, most: number, signal: AbortSignal | undefined): Promise<string[]> {
  if (!existsSync(path)) return [];
  requireDataReach(path);
  const names: string[] = [];
  try {
    for await (const entry of await opendir(path, { bufferSize: 256 })) {
      checkNotCancelled(signal, `Looking into ${path}`);
      if (isShown(entry) && entry.isFile() && isPictureName(entry.name)) names.push(entry.name);
      if (names.length > most) throw tooMany(path, `${mostPictures} pictures`);
    }
  } catch (error) {
    throw toStorageError(error, `read the folder "${path}"`);
  }
  return names.sort();
}

/** Hidden files and folders are not part of a dataset. */
function isShown({ name }: Dirent): boolean {
  return !name.startsWith('.');
}

function tooMany(path: string, most: string): CupbearerError {
  return new CupbearerError('bad-data', `${path}: expected at most ${most}, found more.`);
}
