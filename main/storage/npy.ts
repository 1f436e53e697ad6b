import type { NamedTensor, TensorData } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { bytesOf, checkShape, elementTypeOf, elementTypes, parseShape, type ElementType } from './element-type.ts';
import { parsePythonDict } from './python-literal.ts';
import { numbered } from '../../shared/format.ts';

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** NumPy's own limit on dimensions. */
const maxDimensions = 64;

/** NumPy itself refuses headers beyond 10,000 characters. */
const maxHeaderBytes = 2 ** 16;

/**
 * Bytes at the beginning of a `.npy` file that hold its header, whatever its version: {@link parseNpyHeader} needs no
 * more.
 */
export const npyStartBytes = 12 + maxHeaderBytes;

/** NumPy leaves room for the first size to grow to this many digits, so that a file can be appended to in place. */
const growthDigits = 21;

/**
 * An array as a `.npy` file, version 1.0, C order, byte for byte what `numpy.save` writes (NumPy enhancement proposal
 * 1).
 * @throws CupbearerError `internal` if shape and data disagree.
 */
export function encodeNpy(tensor: NamedTensor): Uint8Array {
  const { shape, data } = tensor;
  checkShape(shape, data.length, 'npy');
  const header = npyHeader(elementTypeOf(data).npy!, shape);
  const file = new Uint8Array(header.length + data.byteLength);
  file.set(header);
  file.set(bytesOf(data), header.length);
  return file;
}

/** Returns what precedes the elements in a `.npy` file, version 1.0, C order; `type` is NumPy's name of theirs. */
export function npyHeader(type: string, shape: readonly number[]): Uint8Array {
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  let header = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  if (shape.length > 0) header += ' '.repeat(Math.max(0, growthDigits - String(shape[0]).length));
  // Magic, version and length take 10 bytes; the data start at a multiple of 64.
  header += ' '.repeat(63 - ((10 + header.length) % 64)) + '\n';

  const bytes = new Uint8Array(10 + header.length);
  bytes.set(magic);
  bytes.set([1, 0, header.length & 0xff, header.length >> 8], 6);
  bytes.set(new TextEncoder().encode(header), 10);
  return bytes;
}

/**
 * Reads a `.npy` file (versions 1.0 to 3.0). Element types: f4, f8, i4, u1; i8 becomes `Int32Array` where every value
 * fits, b1 becomes `Uint8Array` of 0 and 1. Fortran order is turned into row-major. `name` is the file's name for
 * errors.
 * @throws CupbearerError `bad-data` saying what was expected and what was found. Memory stays within a few times the
 * file's size, whatever its header claims.
 */
export function parseNpy(bytes: Uint8Array, name: string): NamedTensor {
  const { type, isFortran, shape, count, end } = parseNpyHeader(bytes, bytes.length, name);
  const data = type.decode(bytes, end, count, `"${name}"`);
  return { shape, data: isFortran ? toRowMajor(data, shape) : data };
}

/** What a `.npy` file says of its array. */
interface NpyHeader<T> {
  type: T;
  /** Whether its elements are stored column by column. */
  isFortran: boolean;
  shape: number[];
  /** The product of `shape`. */
  count: number;
  /** Where in the file the elements begin. */
  end: number;
}

/**
 * Returns what the beginning of a `.npy` file of `fileBytes` bytes says of its array: `start` is the file's first
 * {@link npyStartBytes}, or all of a shorter one. `name` is the file's name for errors, `types` are those that may be in
 * it, by default those that {@link parseNpy} reads.
 * @throws CupbearerError `bad-data` saying what was expected and what was found, as where the file is too short for its
 * shape.
 */
export function parseNpyHeader(start: Uint8Array, fileBytes: number, name: string): NpyHeader<ElementType>;
export function parseNpyHeader<T extends Pick<ElementType, 'npy' | 'bytes'>>(
  start: Uint8Array,
  fileBytes: number,
  name: string,
  types: readonly T[],
): NpyHeader<T>;
export function parseNpyHeader(
  start: Uint8Array,
  fileBytes: number,
  name: string,
  types: readonly Pick<ElementType, 'npy' | 'bytes'>[] = elementTypes,
): NpyHeader<Pick<ElementType, 'npy' | 'bytes'>> {
  const { text, end } = readHeader(start, name);
  const header = parsePythonDict(text);
  if (typeof header === 'string') throw bad(name, `a header with descr, fortran_order and shape`, header);

  const keys = Object.keys(header).sort().join(', ');
  if (keys !== 'descr, fortran_order, shape') throw bad(name, 'a header with descr, fortran_order and shape', keys);
  const { descr, fortran_order: fortran, shape } = header;

  const type = types.find(({ npy }) => npy === descr);
  if (!type) {
    if (typeof descr === 'string' && descr.endsWith('O')) {
      throw bad(name, 'an array of numbers', 'one of Python objects, which is a pickle: it could run anything');
    }
    const known = types.flatMap(({ npy }) => npy ?? []).join(', ');
    const isBigEndian = typeof descr === 'string' && descr.startsWith('>');
    throw bad(name, `elements of type ${known}`, JSON.stringify(descr), isBigEndian ? littleEndianHint : undefined);
  }
  if (typeof fortran !== 'boolean') throw bad(name, 'fortran_order True or False', JSON.stringify(fortran));
  const parsed = parseShape(shape);
  if (!parsed || parsed.sizes.length > maxDimensions)
    throw bad(name, 'a shape of whole numbers', JSON.stringify(shape));

  const { sizes, count } = parsed;
  const wanted = count * type.bytes;
  if (fileBytes - end !== wanted) {
    throw bad(name, `${numbered(wanted, 'byte')} of data for the shape [${sizes.join(', ')}]`, `${fileBytes - end}`);
  }
  return { type, isFortran: fortran, shape: sizes, count, end };
}

const littleEndianHint =
  'Its bytes are in big-endian order. Save it again in Python: numpy.save(file, array.astype(array.dtype.newbyteorder("<"))).';

function bad(name: string, expected: string, found: string, hint?: string): CupbearerError {
  return new CupbearerError('bad-data', `"${name}": expected ${expected}, found ${found}.`, { hint });
}

function readHeader(bytes: Uint8Array, name: string): { text: string; end: number } {
  if (bytes.length < 10 || magic.some((value, i) => bytes[i] !== value)) {
    throw bad(
      name,
      'a NumPy file (it begins with \\x93NUMPY)',
      bytes.length < 10 ? `${numbered(bytes.length, 'byte')}` : 'another beginning',
    );
  }
  const major = bytes[6]!;
  if (major < 1 || major > 3 || bytes[7] !== 0) {
    throw bad(name, 'NumPy format version 1.0, 2.0 or 3.0', `${major}.${bytes[7]!}`);
  }
  const start = major === 1 ? 10 : 12;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < start) throw bad(name, 'a header length of 4 bytes', 'the end of the file');
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeaderBytes) throw bad(name, `a header of at most ${maxHeaderBytes} bytes`, `one of ${length}`);
  if (start + length > bytes.length) {
    throw bad(
      name,
      `a header of ${numbered(length, 'byte')}`,
      `only ${numbered(bytes.length - start, 'byte')} in the file`,
    );
  }
  const header = bytes.subarray(start, start + length);
  try {
    // Versions 1 and 2 say Latin-1; what they may hold here is ASCII, which is UTF-8 too.
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(header), end: start + length };
  } catch {
    throw bad(name, 'a header in UTF-8', 'other bytes');
  }
}

/** Column-major to row-major: element `(i0, i1, …)` moves from `i0 + n0 (i1 + n1 (…))` to its place in C order. */
function toRowMajor(data: TensorData, shape: readonly number[]): TensorData {
  const result = data.slice();
  const index = shape.map(() => 0);
  for (let target = 0; target < data.length; target++) {
    let source = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) source = source * shape[axis]! + index[axis]!;
    result[target] = data[source]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return result;
}
