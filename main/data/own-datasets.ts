import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { readFileBytes } from '../storage/read-file.ts';
import { ownDatasetsFolder } from './data-dir.ts';
import { findPictures } from './datasets/image-folder.ts';
import { channelsOf, decodePicture, type Picture } from './readers/picture.ts';

/** A folder of the user's pictures that was taken in, with the parameters that suit it. */
export interface OwnDataset {
  name: string;
  folder: string;
  samples: { train: number; test: number };
  classes: string[];
  bytes: number;
  /** Side that pictures are scaled to, and whether in colour: as the first picture of each class suggests. */
  size: number;
  colour: boolean;
}

/** Pictures up to this side keep it; larger ones are scaled to {@link usualSide}. */
const largestSide = 64;
const usualSide = 32;

/** As the parameters of image-folder have them unless told otherwise. */
const split = { test_fraction: 0.2, folder_seed: 0 };

/** All that were taken in, by name; a folder that has become unreadable is passed over. */
export async function listOwnDatasets(dataDir: string): Promise<OwnDataset[]> {
  const folder = ownDatasetsFolder(dataDir);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
  const found = await Promise.all(
    names.map(async (name) => {
      try {
        return await describeOwnDataset(name, join(folder, name));
      } catch (error) {
        if (!(error instanceof CupbearerError)) throw error;
        return undefined;
      }
    }),
  );
  return found.filter((dataset) => dataset !== undefined);
}

/** @throws CupbearerError `bad-data` where there are no classes with pictures or a first picture cannot be decoded. */
export async function describeOwnDataset(name: string, folder: string): Promise<OwnDataset> {
  const train = findPictures({ folder, train: true, ...split });
  const test = findPictures({ folder, train: false, ...split });
  const firstOfClass = train.classes.map((_, label) => train.files.find((file) => file.label === label));
  const pictures = await Promise.all(
    firstOfClass.filter((file) => file !== undefined).map(({ path }) => decodePicture(readFileBytes(path), path)),
  );
  const sides = pictures.flatMap(({ width, height }) => [width, height]);
  const side = Math.max(...sides);
  return {
    name,
    folder,
    samples: { train: train.files.length, test: test.files.length },
    classes: train.classes,
    bytes: [...train.files, ...test.files].reduce((sum, { path }) => sum + statSync(path).size, 0),
    size: side <= largestSide ? side : usualSide,
    colour: pictures.some(isColoured),
  };
}

function isColoured(picture: Picture): boolean {
  for (let pixel = 0; pixel < picture.width * picture.height; pixel++) {
    const [red, green, blue] = channelsOf(picture, pixel, 3);
    if (red !== green || green !== blue) return true;
  }
  return false;
}
