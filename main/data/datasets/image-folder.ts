import { existsSync, readdirSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { integer, number, requiredPath } from '../../../shared/schema/fields.ts';
import { withStorageErrors } from '../../storage/storage-error.ts';
import { RandomStream } from '../../tensor/random.ts';
import { defaultAugmentation } from '../augmentation.ts';
import { defineDataset } from '../dataset.ts';
import type { PictureFile } from '../decode-pictures.ts';
import { pictureDataset } from '../picture-files.ts';
import { splitFields } from './fields.ts';
import { pictureFields } from './picture-fields.ts';
import { prepared } from './prepared.ts';

const pictureName = /\.(png|jpe?g|ppm)$/i;

/** Pictures of one's own: a folder of pictures for each class, halves given by folders `train` and `test` or drawn. */
export const imageFolder = defineDataset({
  id: 'image-folder',
  title: 'Image folder',
  summary: 'PNG, JPEG or PPM files of your own, one folder for each class',
  source: 'The folder layout that torchvision.datasets.ImageFolder reads',
  params: z.object({
    folder: requiredPath({
      label: 'Folder',
      help: 'Holds one folder of pictures for each class, or train and test, each with these.',
    }),
    ...splitFields,
    ...pictureFields,
    test_fraction: number({
      default: 0.2,
      min: 0,
      max: 1,
      label: 'Test fraction',
      help: 'Share of each class that is the test half where there are no folders train and test.',
    }),
    folder_seed: integer({
      advanced: true,
      default: 0,
      min: 0,
      label: 'Folder seed',
      help: "Draws the test half; independent of the run's seed, so that no run trains on another's test data.",
    }),
  }),
  facts: ({ folder, size, colour }) => ({ shape: [size, size, colour ? 3 : 1], classes: classesIn(folder) }),
  async load(params, context) {
    const { files, classes } = findPictures(params);
    const pictures = await pictureDataset(
      'image-folder',
      files,
      classes,
      { size: params.size, colour: params.colour, undecodableShare: params.undecodable_share },
      context,
    );
    return prepared(pictures, params, defaultAugmentation, context);
  },
});

/** Where pictures are and which of them are meant. */
export interface PictureHalf {
  folder: string;
  train: boolean;
  test_fraction: number;
  folder_seed: number;
}

/**
 * The pictures of one half and the names of the classes.
 * @throws CupbearerError `not-found` where there is no such folder, `bad-data` where there is none of them in it.
 */
export function findPictures({ folder, train, test_fraction, folder_seed }: PictureHalf): {
  files: PictureFile[];
  classes: string[];
} {
  const hasHalves = givesHalves(folder);
  const classes = classesIn(folder);
  const half = hasHalves ? join(folder, train ? 'train' : 'test') : folder;
  const files = classes.flatMap((name, label) => {
    const path = join(half, name);
    const all = existsSync(path) ? entriesOf(path, (entry) => entry.isFile() && pictureName.test(entry.name)) : [];
    const testCount = hasHalves ? 0 : Math.round(test_fraction * all.length);
    const order = RandomStream.from(folder_seed, 'image-folder', name).permutation(all.length);
    const chosen = hasHalves ? order : train ? order.subarray(testCount) : order.subarray(0, testCount);
    return Array.from(chosen.slice().sort(), (k) => ({ path: join(path, all[k]!), label }));
  });
  if (files.length > 0) return { files, classes };
  throw new CupbearerError(
    'bad-data',
    `Expected folders with PNG, JPEG or PPM files in ${half}, one for each class, found ${classes.length} folders with none of the ${train ? 'training' : 'test'} half.`,
  );
}

function givesHalves(folder: string): boolean {
  return existsSync(join(folder, 'train')) && existsSync(join(folder, 'test'));
}

/**
 * The training half decides which classes there are, so that both halves number them alike.
 * @throws CupbearerError `not-found` where there is no such folder, `bad-data` where it holds no classes.
 */
function classesIn(folder: string): string[] {
  if (!existsSync(folder)) {
    throw new CupbearerError('not-found', `There is no folder "${folder}" of pictures.`, {
      hint: 'Look whether it was moved or renamed, or its disk taken away.',
    });
  }
  const classes = entriesOf(givesHalves(folder) ? join(folder, 'train') : folder, (entry) => entry.isDirectory());
  if (classes.length > 0) return classes;
  throw new CupbearerError(
    'bad-data',
    `Expected folders with PNG, JPEG or PPM files in ${folder}, one for each class, found 0 folders.`,
  );
}

/** Names in a folder, sorted; hidden ones are passed over. */
function entriesOf(folder: string, isWanted: (entry: Dirent) => boolean): string[] {
  if (!existsSync(folder)) return [];
  return withStorageErrors(`read the folder "${folder}"`, () => readdirSync(folder, { withFileTypes: true }))
    .filter((entry) => !entry.name.startsWith('.') && isWanted(entry))
    .map(({ name }) => name)
    .sort();
}
