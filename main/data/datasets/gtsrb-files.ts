import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { requireDataReach } from '../data-reach.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { decodeText, readFileBytes } from '../../storage/read-file.ts';
import type { PictureFile } from '../pictures/decode-pictures.ts';
import { missingData } from '../readers/stored-file.ts';

/**
 * Returns the pictures of one half of GTSRB in `folder`, with regions.
 * @throws CupbearerError `not-found` with `hint` if they are not there, `bad-data` if a table is damaged.
 */
export function gtsrbFiles(folder: string, train: boolean, classCount: number, hint: string): PictureFile[] {
  const files = train ? trainingFiles(folder, classCount, hint) : testFiles(folder, classCount, hint);
  if (files.length > 0) return files;
  const tables = train ? 'GT-00000.csv and the others in Final_Training/Images' : 'GT-final_test.csv';
  throw new CupbearerError('bad-data', `${folder}: expected pictures listed in ${tables}, found none.`, { hint });
}

/** Below the folder that is named: where the publishers' archives, torchvision and BackdoorBench have the pictures. */
const roots = ['', 'GTSRB', 'gtsrb', 'gtsrb/GTSRB'];
const layouts = {
  train: ['Final_Training/Images', 'Training', 'Train'],
  test: ['Final_Test/Images', 'Test'],
};

/** The folder with the pictures of a half; undefined if there is none. */
function imagesIn(folder: string, half: 'train' | 'test'): string | undefined {
  const places = roots.flatMap((root) => layouts[half].map((layout) => join(folder, root, layout)));
  return places.find((place) => existsSync(place));
}

function trainingFiles(folder: string, classCount: number, hint: string): PictureFile[] {
  const images = imagesIn(folder, 'train');
  if (images === undefined) {
    const expected = `${layouts.train.join(' or ')} with a folder for each sign (00000 to 00042) and its table`;
    throw missingData('gtsrb', folder, expected, hint);
  }
  requireDataReach(images);
  const folders = readdirSync(images)
    .filter((name) => /^\d{5}$/.test(name))
    .sort();
  if (folders.length === 0) throw missingData('gtsrb', images, 'a folder for each sign, 00000 to 00042', hint);
  return folders.flatMap((name) => tableRows(join(images, name, `GT-${name}.csv`), join(images, name), classCount));
}

function testFiles(folder: string, classCount: number, hint: string): PictureFile[] {
  const images = imagesIn(folder, 'test');
  const table = ['.', '..', '../..', '../../..']
    .map((above) => join(images ?? folder, above, 'GT-final_test.csv'))
    .find((path) => existsSync(path));
  if (images === undefined || table === undefined) {
    const expected = `${layouts.test.join(' or ')} with GT-final_test.csv (the table with the classes)`;
    throw missingData('gtsrb', folder, expected, hint);
  }
  return tableRows(table, images, classCount);
}

/** Most bytes of a table: fifty times what GTSRB has. */
const mostTableBytes = 2 ** 26;

const columns = ['Filename', 'Roi.X1', 'Roi.Y1', 'Roi.X2', 'Roi.Y2', 'ClassId'] as const;

/** The pictures that a table lists. @throws CupbearerError `bad-data` if a column is missing or a value is none. */
function tableRows(path: string, folder: string, classCount: number): PictureFile[] {
  requireDataReach(path);
  const [head = '', ...lines] = decodeText(readFileBytes(path, mostTableBytes), path).trim().split(/\r?\n/);
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
    const [x1 = NaN, y1 = NaN, x2 = NaN, y2 = NaN, label = NaN] = numbers.map((cell) =>
      /^\d+$/.test(cell) ? Number(cell) : NaN,
    );
    const isWhole = [x1, y1, x2, y2, label].every((value) => Number.isInteger(value));
    if (!isWhole || !/^[\w.-]+$/.test(name) || label >= classCount || x2 < x1 || y2 < y1) {
      throw new CupbearerError(
        'bad-data',
        `${path}, line ${i + 2}: expected a file name, a region and a class of 0 to ${classCount - 1}, found "${line.slice(0, 100)}".`,
      );
    }
    // The second corner lies inside the region.
    const region = { x: x1, y: y1, width: x2 - x1 + 1, height: y2 - y1 + 1 };
    return { path: join(folder, name), label, region };
  });
}
