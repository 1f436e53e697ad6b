import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { flag } from '../../../shared/schema/fields.ts';
import { decodeText, readFileBytes } from '../../storage/read-file.ts';
import { defaultAugmentation } from '../augmentation.ts';
import { defineDataset } from '../dataset.ts';
import type { PictureFile } from '../decode-pictures.ts';
import { pictureDataset } from '../picture-files.ts';
import { missingData } from '../readers/stored-file.ts';
import { storedFields } from './fields.ts';
import { pictureFields } from './picture-fields.ts';
import { prepared } from './prepared.ts';

const classCount = 43;
const classes = Array.from({ length: classCount }, (_, k) => String(k));

const byHand = {
  files: ['GTSRB_Final_Training_Images.zip', 'GTSRB_Final_Test_Images.zip', 'GTSRB_Final_Test_GT.zip'],
  homepage: 'https://benchmark.ini.rub.de',
};

/** Traffic signs as published: `Final_Training/Images/00000/...ppm` and `Final_Test/Images/...ppm` with their tables. */
export const gtsrb = defineDataset({
  id: 'gtsrb',
  title: 'GTSRB',
  summary: 'Photographs of 43 German traffic signs, scaled to 32\u00a0×\u00a032 colour, 39\u202f209 + 12\u202f630',
  source: 'Stallkamp, Schlipsing, Salmen, Igel: Man vs. computer, Neural Networks 32, 2012',
  byHand,
  params: z.object({
    ...storedFields,
    ...pictureFields,
    crop: flag({
      default: false,
      label: 'Crop',
      help: 'Take only the region of the sign as given with the pictures, without the border around it.',
    }),
  }),
  facts: ({ size, colour }) => ({ shape: [size, size, colour ? 3 : 1], classes }),
  async load(params, context) {
    const folder = params.folder ?? join(context.dataDir, 'gtsrb');
    const root = existsSync(join(folder, 'GTSRB')) ? join(folder, 'GTSRB') : folder;
    const files = params.train ? trainingFiles(root, folder) : testFiles(root, folder);
    const pictures = await pictureDataset(
      'gtsrb',
      params.crop ? files : files.map(({ path, label }) => ({ path, label })),
      classes,
      { size: params.size, colour: params.colour, undecodableShare: params.undecodable_share },
      context,
    );
    return prepared(pictures, params, defaultAugmentation, context);
  },
});

const hint = `Unpack ${byHand.files.slice(0, -1).join(', ')} and ${byHand.files.at(-1)} (${byHand.homepage}) there.`;

function trainingFiles(root: string, folder: string): PictureFile[] {
  const images = join(root, 'Final_Training', 'Images');
  if (!existsSync(images))
    throw missingData('gtsrb', folder, 'Final_Training/Images with a folder for each sign', hint);
  const folders = readdirSync(images)
    .filter((name) => /^\d{5}$/.test(name))
    .sort();
  return folders.flatMap((name) => tableRows(join(images, name, `GT-${name}.csv`), join(images, name)));
}

function testFiles(root: string, folder: string): PictureFile[] {
  const images = join(root, 'Final_Test', 'Images');
  const table = [
    'GT-final_test.csv',
    join('..', '..', 'GT-final_test.csv'),
    join('..', '..', '..', 'GT-final_test.csv'),
  ]
    .map((name) => join(images, name))
    .find((path) => existsSync(path));
  if (!table)
    throw missingData('gtsrb', folder, 'Final_Test/Images with GT-final_test.csv (the table with the classes)', hint);
  return tableRows(table, images);
}

const columns = ['Filename', 'Roi.X1', 'Roi.Y1', 'Roi.X2', 'Roi.Y2', 'ClassId'] as const;

/** The pictures that a table lists. @throws CupbearerError `bad-data` where a column is missing or a value is none. */
function tableRows(path: string, folder: string): PictureFile[] {
  const [head = '', ...lines] = decodeText(readFileBytes(path), path).trim().split(/\r?\n/);
  const names = head.split(';');
  const places = columns.map((column) => names.indexOf(column));
  if (places.includes(-1)) {
    throw new CupbearerError(
      'bad-data',
      `${path}: expected the columns ${columns.join(', ')}, found ${head.slice(0, 100)}.`,
    );
  }
  return lines.map((line, i) => {
    const cells = line.split(';');
    const [name = '', ...numbers] = places.map((place) => cells[place] ?? '');
    const [x1, y1, x2, y2, label] = numbers.map((cell) => (/^\d+$/.test(cell) ? Number(cell) : NaN));
    const isWhole = [x1, y1, x2, y2, label].every((value) => Number.isInteger(value));
    if (!isWhole || !/^[\w.-]+$/.test(name) || label! >= classCount || x2! < x1! || y2! < y1!) {
      throw new CupbearerError(
        'bad-data',
        `${path}, line ${i + 2}: expected a file name, a region and a class of 0 to ${classCount - 1}, found "${line.slice(0, 100)}".`,
      );
    }
    // The second corner lies inside the region.
    const region = { x: x1!, y: y1!, width: x2! - x1! + 1, height: y2! - y1! + 1 };
    return { path: join(folder, name), label: label!, region };
  });
}
