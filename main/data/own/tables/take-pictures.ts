import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CupbearerError } from '../../../../shared/errors.ts';
import { createFolder } from '../../../storage/create-folder.ts';
import { checkFileName } from '../../../storage/file-name.ts';
import { withStorageErrors } from '../../../storage/storage-error.ts';
import { WatchedFile } from '../../../storage/watched-file.ts';
import { checkNotCancelled } from '../../cancellation.ts';
import { openParquet, type OpenedParquet } from '../../stored/parquet.ts';
import type { ImportOptions } from '../../import-options.ts';
import type { TableFile } from './array-parts.ts';
import { halfOf } from './half-names.ts';
import { classNamesOf, labelColumn } from './table-parts.ts';

/** Columns of pictures by the names that Hugging Face's data sets give them. */
const pictureNames = ['image', 'img', 'picture', 'jpg', 'png'];
const mostPictureBytes = 2 ** 28;

/** Tables with pictures, and which column holds them. */
interface PictureTable {
  readonly file: TableFile;
  readonly opened: OpenedParquet;
  readonly column: string;
}

/** Returns those of the files that are Parquet with a column of pictures. @throws CupbearerError `bad-data`, `storage`. */
export async function pictureTables(files: readonly TableFile[]): Promise<PictureTable[]> {
  const found: PictureTable[] = [];
  for (const file of files) {
    if (!/\.parquet$/i.test(file.source)) continue;
    const opened = await openParquet(new WatchedFile(file.source));
    const column = pictureNames.find((name) => opened.columns.includes(name));
    if (column !== undefined) found.push({ file, opened, column });
  }
  return found;
}

/**
 * Writes the pictures of tables into folders of their classes, below `train` and `test` where the files have halves, as
 * `image-folder` reads them. A validation half stands in where there is no test half, and is left out beside one.
 * @throws CupbearerError `bad-data` naming file, column and row; `storage`, `cancelled`.
 */
export async function takePictures(
  tables: readonly PictureTable[],
  folder: string,
  { label: named, classes }: ImportOptions,
  { signal, progress }: { signal: AbortSignal; progress?: (phase: string, done: number, total: number) => void },
): Promise<void> {
  const halves = tables.map(({ file }) => halfOf(file.parts));
  const hasTest = halves.includes('test');
  const isSplit = halves.some((half) => half !== undefined) && new Set(halves).size > 1;
  let written = 0;
  for (const [at, { file, opened, column }] of tables.entries()) {
    const half = halves[at];
    if (half === 'validation' && hasTest) continue;
    const path = file.source;
    const label = labelColumn(opened.columns, named, path);
    const names = classes ?? classNamesOf(opened, label);
    const above = isSplit ? [half === undefined || half === 'train' ? 'train' : 'test'] : [];
    let row = 0;
    for await (const rows of opened.rows([column, label])) {
      checkNotCancelled(signal, 'The import');
      for (const { [column]: picture, [label]: value } of rows) {
        const place = `"${path}", row ${++row}`;
        const inside = join(folder, ...above, folderOf(classOf(value, names, place, label), place));
        const bytes = bytesOf(picture, place, column);
        createFolder(inside);
        const name = join(inside, `${String(at).padStart(3, '0')}-${String(row).padStart(7, '0')}.${kindOf(bytes, place, column)}`); // prettier-ignore
        withStorageErrors(`write "${name}"`, () => writeFileSync(name, bytes, { flag: 'wx' }));
        written++;
      }
      progress?.('Writing pictures', written, 0);
    }
  }
}

function classOf(value: unknown, names: readonly string[] | undefined, place: string, column: string): string {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number)) {
    if (names === undefined) return String(number);
    const name = names[number];
    if (name !== undefined) return name;
  }
  if (typeof number === 'string' && number !== '' && (names === undefined || names.includes(number))) return number;
  const expected = names === undefined ? 'a class' : `the number of one of ${names.length} classes`;
  throw new CupbearerError('bad-data', `${place}, column "${column}": expected ${expected}, found ${JSON.stringify(String(value))}.`); // prettier-ignore
}

/** A class as the name of a folder: what no system takes in names becomes "_". */
function folderOf(name: string, place: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is replaced.
  const folder = name.replaceAll(/[/\\<>:"|?*\u0000-\u001f]/g, '_').replace(/^\.|[. ]$/g, '_');
  return checkFileName(folder, `${place}: name of the class`);
}

function bytesOf(value: unknown, place: string, column: string): Uint8Array {
  const bytes: unknown = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null)?.bytes;
  if (bytes instanceof Uint8Array && bytes.length > 0 && bytes.length <= mostPictureBytes) return bytes;
  throw new CupbearerError(
    'bad-data',
    `${place}, column "${column}": expected the bytes of a picture, found ${bytes instanceof Uint8Array ? `${bytes.length} bytes` : 'none'}.`,
    {
      hint: 'Save the data set with its pictures: dataset.save_to_disk keeps paths alone, dataset.to_parquet their bytes.',
    },
  );
}

function kindOf(bytes: Uint8Array, place: string, column: string): 'png' | 'jpg' {
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return 'png';
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'jpg';
  const start = Buffer.from(bytes.subarray(0, 12))
    .toString('latin1')
    .replaceAll(/[^ -~]/g, '.');
  throw new CupbearerError('bad-data', `${place}, column "${column}": expected a PNG or JPEG picture, found one that begins with ${JSON.stringify(start)}.`); // prettier-ignore
}
