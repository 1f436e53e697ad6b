import { CupbearerError } from '../../../shared/errors.ts';
import { gunzipped } from './gunzip.ts';
import { numbered } from '../../../shared/format.ts';

/** An IDX file of unsigned bytes: `data` is row-major with the given `shape`, a view into the file's bytes. */
interface IdxArray {
  shape: number[];
  data: Uint8Array;
}

const unsignedByte = 0x08;
const typeNames: Record<number, string> = {
  0x08: 'uint8',
  0x09: 'int8',
  0x0b: 'int16',
  0x0c: 'int32',
  0x0d: 'float32',
  0x0e: 'float64',
};

/**
 * Parses an IDX file (Y. LeCun's format for MNIST: two zero bytes, a type, the number of dimensions, each dimension as
 * a big-endian 32-bit number, then the values) of unsigned bytes with `dimensions` dimensions, gzip or not.
 * @throws CupbearerError `bad-data` naming the file, what was expected and what was found.
 */
export async function parseIdx(stored: Uint8Array, file: string, dimensions: number): Promise<IdxArray> {
  const bytes = await gunzipped(stored, file);
  const headerBytes = 4 + 4 * dimensions;
  const fail = (expected: string, found: string): never => {
    throw new CupbearerError('bad-data', `${file}: expected ${expected}, found ${found}.`);
  };
  const headerFault = () => fail(`an IDX header of ${headerBytes} bytes`, `${numbered(bytes.length, 'byte')} in all`);
  if (bytes.length < 4) headerFault();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const expectedMagic = (unsignedByte << 8) | dimensions;
  if (magic !== expectedMagic) {
    const type = typeNames[(magic >>> 8) & 0xff];
    const reading = magic >>> 16 === 0 && type ? ` (${type}, ${numbered(magic & 0xff, 'dimension')})` : '';
    fail(`the magic number ${hex(expectedMagic)} (uint8, ${dimensions} dimensions)`, `${hex(magic)}${reading}`);
  }
  if (bytes.length < headerBytes) headerFault();
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((product, length) => product * length, 1);
  const held = bytes.length - headerBytes;
  if (held !== size) {
    const excess = held > size ? ` (${numbered(held - size, 'byte')} too many)` : '';
    fail(`${numbered(size, 'value')} (its header says ${shape.join(' x ')})`, `${held}${excess}`);
  }
  return { shape, data: bytes.subarray(headerBytes) };
}

/** Labels from an IDX file, `[count]`, each 0 to `classCount` - 1. @throws CupbearerError `bad-data`. */
export async function parseIdxLabels(stored: Uint8Array, file: string, classCount: number): Promise<Uint8Array> {
  const { data } = await parseIdx(stored, file, 1);
  checkLabels(data, file, classCount);
  return data;
}

/** @throws CupbearerError `bad-data` naming the first label that is not in 0 to `classCount` - 1. */
export function checkLabels(labels: Uint8Array, file: string, classCount: number): void {
  const index = labels.findIndex((label) => label >= classCount);
  if (index < 0) return;
  throw new CupbearerError(
    'bad-data',
    `${file}: expected labels of 0 to ${classCount - 1}, found ${labels[index]!} at sample ${index}.`,
  );
}

function hex(magic: number): string {
  return `0x${magic.toString(16).padStart(8, '0')}`;
}
