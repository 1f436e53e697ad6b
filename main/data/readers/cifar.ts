import { CupbearerError } from '../../../shared/errors.ts';
import { gunzipped } from './gunzip.ts';
import { checkLabels } from './idx.ts';
import { numbered } from '../../../shared/format.ts';

const side = 32;
const plane = side * side;
const recordBytes = 1 + 3 * plane;

/** Images `[count, 32, 32, 3]` and their labels `[count]`. */
export interface CifarBatch {
  pixels: Uint8Array;
  labels: Uint8Array;
}

/**
 * Parses a batch of CIFAR-10's binary version (A. Krizhevsky: records of one label byte, then 1,024 red, 1,024 green and
 * 1,024 blue bytes, row-major), gzip or not. @throws CupbearerError `bad-data` where the file is damaged, holds no
 * whole number of records, or a label is not 0 to 9.
 */
export async function parseCifar(stored: Uint8Array, file: string): Promise<CifarBatch> {
  const bytes = await gunzipped(stored, file);
  const count = bytes.length / recordBytes;
  if (count === 0 || !Number.isInteger(count)) {
    throw new CupbearerError(
      'bad-data',
      `${file}: expected one or more whole records of ${recordBytes} bytes, found ${numbered(bytes.length, 'byte')} ` +
        `(${numbered(Math.floor(count), 'record')} and ${numbered(bytes.length % recordBytes, 'byte')}).`,
    );
  }
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) labels[i] = bytes[i * recordBytes]!;
  // Before the pixels are rearranged: a file that is something else altogether should cost nothing.
  checkLabels(labels, file, 10);
  const pixels = new Uint8Array(count * 3 * plane);
  for (let i = 0; i < count; i++) {
    const from = i * recordBytes + 1;
    const to = i * 3 * plane;
    for (let k = 0; k < plane; k++) {
      pixels[to + 3 * k] = bytes[from + k]!;
      pixels[to + 3 * k + 1] = bytes[from + plane + k]!;
      pixels[to + 3 * k + 2] = bytes[from + 2 * plane + k]!;
    }
  }
  return { pixels, labels };
}
