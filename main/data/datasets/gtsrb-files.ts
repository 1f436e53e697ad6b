import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { requireDataReach } from '../data-reach.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { decodeText, readFileBytes } from '../../storage/read-file.ts';
import type { PictureFile } from '../pictures/decode-pictures.ts';
import { missingData } from '../readers/stored-file.ts';

/**
 * Returns the pictures of one half of GTSRB in `folder`, with regions.
 * @throws CupbearerError `not-found` with `hint` where they are not there, `bad-data` where a table is damaged.
 */
export function gtsrbFiles(folder: string, train: boolean, classCount: number, hint: string): PictureFile[] {
  const root = existsSync(join(folder, 'GTSRB')) ? join(folder, 'GTSRB') : folder;
  const files = train ? trainingFiles(root, folder, classCount, hint) : testFiles(root, folder, classCount, hint);
  if (files.length > 0) return files;
  const tables = train ? 'GT-00000.csv and the others in Final_Training/Images' : 'GT-final_test.csv';
  throw new CupbearerError('bad-data', `${folder}: expected pictures listed in ${tables}, found none.`, { hint });
}

function trainingFiles(root: string, folder: string, classCount: number, hint: string): PictureFile[] {
  const images = join(root, 'Final_Training', 'Images');
  if (!existsSync(images))
    throw missingData('gtsrb', folder, 'Final_Training/Images with a folder for each sign', hint);
  requireDataReach(images);
  const folders = readdirSync(images)
    .filter((name) => /^\d{5}$/.test(name))
    .sort();
  return folders.flatMap((name) => tableRows(join(images, name, `GT-${name}.csv`), join(images, name), classCount));
}

function testFiles(root: string, folder: string, classCount: number, hint: string): PictureFile[] {
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
  return tableRows(table, images, classCount);
}

/** Most bytes of a table: fifty times what GTSRB has. */
const mostTableBytes = 2 ** 26;

const columns = ['Filename', 'Roi.X1', 'Roi.Y1', 'Roi.X2', 'Roi.Y2', 'ClassId'] as const;

/** The pictures that a table lists. @throws CupbearerError `bad-data` where a column is missing or a value is none. */
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
