import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { CupbearerError } from '../../../shared/errors.ts';
import { fileSize } from '../../storage/read-file.ts';
import { isThere, within } from '../../storage/within-folder.ts';
import { checkNotCancelled } from '../cancellation.ts';
import { ownDatasetsFolder } from '../data-dir.ts';
import { arrayFile, arraysName, readArrayDescription } from '../datasets/array-files.ts';
import { classesIn, findPictures, givesHalves } from '../datasets/picture-folders.ts';
import type { PictureFile } from '../pictures/decode-pictures.ts';
import { folderTimes, readNote, writeNote, type OwnDatasetNote } from './own-dataset-note.ts';
import { readPictureHeader, showsColours } from '../pictures/decode-picture.ts';

/** A dataset of the user's that was taken in. */
interface Taken {
  name: string;
  folder: string;
  samples: { train: number; test: number };
  classes: readonly string[];
  bytes: number;
}

/** A folder of pictures, with the parameters that suit it. */
interface OwnPictures extends Taken {
  kind: 'pictures';
  /** Side that pictures are scaled to, and whether in colour: as the first picture of each class suggests. */
  size: number;
  colour: boolean;
}

/** Images, features or texts that were arrays or tables. */
interface OwnArrays extends Taken {
  kind: 'arrays';
  shape: readonly number[];
  areTexts: boolean;
}

export type OwnDataset = OwnPictures | OwnArrays;

/** Pictures up to this side keep it; larger ones are scaled to {@link usualSide}. */
const largestSide = 64;
const usualSide = 32;

/** The defaults of image-folder's parameters. */
const split = { test_fraction: 0.2, folder_seed: 0 };

/** Files whose sizes are asked for before other work has its turn. */
const askedTogether = 256;

/**
 * Returns all that were taken in, by name; a folder that has become unreadable is passed over. @throws CupbearerError
 * `cancelled`.
 */
export async function listOwnDatasets(dataDir: string, signal: AbortSignal): Promise<OwnDataset[]> {
  const folder = ownDatasetsFolder(dataDir);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
  const found: OwnDataset[] = [];
  for (const name of names) {
    try {
      found.push(await describeOwnDataset(name, join(folder, name), signal));
    } catch (error) {
      if (!(error instanceof CupbearerError) || error.code === 'cancelled') throw error;
    }
  }
  return found;
}

/**
 * Describes a folder of the user's pictures, and notes in it what was found, so that the next time is quick. Looks at
 * one picture at a time, only at its header if that says enough.
 * @throws CupbearerError `bad-data` if there are no classes with pictures or none of the first of a class can be
 * decoded, `cancelled`.
 */
export async function describeOwnDataset(name: string, folder: string, signal: AbortSignal): Promise<OwnDataset> {
  if (isThere(within(folder, arraysName))) return ownArrays(name, folder);
  const classes = classesIn(folder);
  const times = folderTimes(folder);
  const noted = readNote(folder, times);
  if (noted) return { kind: 'pictures', name, folder, classes, ...noted };
  const train = await findPictures({ folder, train: true, ...split }, signal);
  const test = await findPictures({ folder, train: false, ...split }, signal);
  const note: OwnDatasetNote = {
    samples: { train: train.files.length, test: test.files.length },
    bytes: (await bytesOf(train.files, signal)) + (await bytesOf(test.files, signal)),
    ...(await formOf(train.files, signal)),
  };
  // What comes into a folder inside that of a class does not change the time of the latter.
  const isFlat = [...train.files, ...test.files].every(
    ({ path }) => depthOf(folder, path) <= (givesHalves(folder) ? 3 : 2),
  );
  if (isFlat) writeNote(folder, times, note);
  return { kind: 'pictures', name, folder, classes, ...note };
}

function ownArrays(name: string, folder: string): OwnArrays {
  const { shape, classes, counts, vocabulary } = readArrayDescription(folder);
  const files = (['train', 'test'] as const).flatMap((half) => [arrayFile(half, 'inputs'), arrayFile(half, 'labels')]);
  const bytes = files.reduce((sum, file) => sum + fileSize(within(folder, file)), 0);
  return { kind: 'arrays', name, folder, shape, classes, samples: counts, bytes, areTexts: vocabulary !== undefined };
}

/** How many names lead from a folder to a file in it. */
function depthOf(folder: string, path: string): number {
  return relative(folder, path).split(sep).length;
}

/**
 * How many pictures of a class are tried until one can be decoded: whether others are too many is judged when they are
 * loaded.
 */
const triedOfClass = 16;

/**
 * The size and colours that suit pictures, by the first of each class that can be decoded; the files stand in the order
 * of their classes.
 */
async function formOf(files: readonly PictureFile[], signal: AbortSignal): Promise<{ size: number; colour: boolean }> {
  let side = 0;
  let colour = false;
  const byClass = Map.groupBy(files, ({ label }) => label);
  for (const pictures of byClass.values()) {
    const form = await formOfFirst(pictures.slice(0, triedOfClass), !colour, signal);
    side = Math.max(side, form.side);
    colour ||= form.colour;
  }
  return { size: side <= largestSide ? side : usualSide, colour };
}

/** The longer side of the first picture that can be decoded, and whether it shows colours where that is asked. */
async function formOfFirst(
  [first, ...others]: readonly PictureFile[],
  asksColour: boolean,
  signal: AbortSignal,
): Promise<{ side: number; colour: boolean }> {
  checkNotCancelled(signal, 'Looking at pictures');
  const { path } = first!;
  try {
    const { width, height, isGrey } = readPictureHeader(path);
    return { side: Math.max(width, height), colour: asksColour && !isGrey && (await showsColours(path)) };
  } catch (error) {
    if (!(error instanceof CupbearerError) || error.code !== 'bad-data' || others.length === 0) throw error;
    return formOfFirst(others, asksColour, signal);
  }
}

async function bytesOf(files: readonly PictureFile[], signal: AbortSignal): Promise<number> {
  let bytes = 0;
  for (const [k, { path }] of files.entries()) {
    // One that has just gone counts nothing.
    bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (k % askedTogether !== 0) continue;
    await setImmediate();
    checkNotCancelled(signal, 'Looking at pictures');
  }
  return bytes;
}
