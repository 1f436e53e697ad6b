import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { given } from '../../../shared/given.ts';
import { ByteFile } from '../../storage/byte-file.ts';
import { elementTypes, type ElementType } from '../../storage/element-type.ts';
import { npyStartBytes, parseNpyHeader } from '../../storage/npy.ts';
import { fileSize, readFileStart } from '../../storage/read-file.ts';
import { pathOf, within, type Within } from '../../storage/within-folder.ts';
import { countLabels } from '../class-counts.ts';
import { checkNotCancelled } from '../cancellation.ts';
import type { Batch, Dataset, DatasetContext } from '../dataset.ts';
import { arrayFile, arraysName, readArrayDescription } from '../datasets/array-files.ts';
import { fingerprint as fingerprintOf } from '../fingerprint.ts';
import { loadedOnce } from '../datasets/loaded-once.ts';
import { checkedIndex, imageDataset } from '../image-dataset.ts';

/**
 * Opens a half of an imported dataset of arrays; its samples stay in their file.
 * @throws CupbearerError `not-found`; `bad-data` if files are damaged or do not fit the description; `storage`, `cancelled`.
 */
export function readArrays(folder: string, half: 'train' | 'test', context: DatasetContext): Promise<Dataset> {
  const names = [arraysName, arrayFile(half, 'inputs'), arrayFile(half, 'labels')];
  const files = names.map((name) => join(folder, name)).filter((path) => existsSync(path));
  return loadedOnce(context, ['array-folder', folder, half], files, () =>
    Promise.resolve(openArrays(folder, half, context)),
  );
}

function openArrays(folder: string, half: 'train' | 'test', { signal }: DatasetContext): Dataset {
  const description = readArrayDescription(folder);
  const { shape, classes, vocabulary, type, counts } = description;
  const length = counts[half];
  const [inputs] = opened(within(folder, arrayFile(half, 'inputs')), type === 'uint8' ? '|u1' : '<f4', [
    length,
    ...shape,
  ]);
  const [stored, kind, place] = opened(within(folder, arrayFile(half, 'labels')), '<i4', [length]);
  const labels = labelsOf(stored, kind, length, classes.length, place);
  checkNotCancelled(signal, 'Loading the data');
  const { source: _, ...content } = description;
  const fingerprint = fingerprintOf('array-folder', half, content, inputs, new Uint8Array(labels.buffer));
  if (type === 'uint8') {
    const [height = 1, width = 1, channels = 1] = shape;
    return imageDataset({ shape: [height, width, channels], classes, pixels: inputs, labels }, fingerprint);
  }
  return rowsDataset({ shape, classes, ...given({ vocabulary }), rows: inputs, labels }, fingerprint);
}

/** The elements of an array in a `.npy` file, of which nothing is read yet. */
function opened(place: Within, npy: string, shape: readonly number[]): [ByteFile, ElementType, string] {
  const path = pathOf(place);
  const size = fileSize(place);
  const header = parseNpyHeader(readFileStart(place, npyStartBytes), size, path);
  const found = `${header.type.npy ?? ''} [${header.shape.join(', ')}]`;
  if (header.isFortran || header.type.npy !== npy || header.shape.join() !== shape.join()) {
    throw new CupbearerError(
      'bad-data',
      `"${path}": expected an array ${npy} [${shape.join(', ')}], as dataset.json says, found ${found}.`,
      { hint: 'Import the dataset again.' },
    );
  }
  const kind = elementTypes.find((type) => type.npy === npy)!;
  return [ByteFile.part(place, header.end, size - header.end), kind, path];
}

function labelsOf(file: ByteFile, type: ElementType, length: number, classes: number, path: string): Uint16Array {
  const bytes = new Uint8Array(file.length);
  file.readInto(bytes, 0);
  const values = type.decode(bytes, 0, length, `"${path}"`);
  const wrong = values.findIndex((value) => !(value >= 0 && value < classes));
  if (wrong === -1) return Uint16Array.from(values);
  throw new CupbearerError(
    'bad-data',
    `"${path}": expected labels from 0 to ${classes - 1}, found ${values[wrong]!} at element ${wrong}.`,
  );
}

/** Rows of float32 that lie in a file. */
interface StoredRows {
  readonly shape: readonly number[];
  readonly classes: readonly string[];
  readonly vocabulary?: readonly string[];
  readonly rows: ByteFile;
  readonly labels: Uint16Array;
}

/** A dataset of rows that lie in a file. */
export function rowsDataset({ shape, classes, vocabulary, rows, labels }: StoredRows, fingerprint: string): Dataset {
  const bytes = 4 * shape.reduce((product, side) => product * side, 1);
  return {
    shape,
    classes,
    ...given({ vocabulary }),
    length: labels.length,
    memory: labels.byteLength,
    fingerprint,
    classCounts: () => countLabels(labels, classes.length),
    read(indices): Batch {
      const chosen = Int32Array.from(indices, (index) => labels[checkedIndex(index, labels.length)]!);
      return { inputs: new Float32Array(rows.rows(indices, bytes).buffer), labels: chosen, size: indices.length };
    },
  };
}
