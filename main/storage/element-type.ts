import type { TensorData } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { numbered } from '../../shared/format.ts';
import { fromHalf } from './float-types.ts';

/** How the numbers of a stored array are laid out; always little-endian. */
export interface ElementType {
  /** NumPy's name in a `.npy` header; undefined if no such file is read. */
  npy: string | undefined;
  /** The name in a safetensors header. */
  safetensors: string;
  /** Bytes of an element in the file. */
  bytes: number;
  /** The name of the typed array that its elements are read into. */
  array: string;
  /**
   * `count` elements from `offset` on, in a buffer of their own (the source need not be aligned). `where` names the
   * file and the array in errors.
   */
  decode(source: Uint8Array, offset: number, count: number, where: string): TensorData;
}

// Typed arrays have the machine's byte order, which is little-endian on every platform that Node.js and Electron ship
// for.
function copy(source: Uint8Array, offset: number, bytes: number): ArrayBuffer {
  const target = new Uint8Array(bytes);
  target.set(source.subarray(offset, offset + bytes));
  return target.buffer;
}

/** 64-bit integers (PyTorch's and NumPy's usual labels) as 32-bit ones. */
function narrowed(source: Uint8Array, offset: number, count: number, where: string): Int32Array {
  const view = new DataView(source.buffer, source.byteOffset + offset, count * 8);
  const result = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const low = view.getInt32(i * 8, true);
    if (view.getInt32(i * 8 + 4, true) !== low >> 31) {
      throw new CupbearerError(
        'bad-data',
        `${where}: expected whole numbers from -2147483648 to 2147483647, found ${view.getBigInt64(i * 8, true)} at element ${i}.`,
      );
    }
    result[i] = low;
  }
  return result;
}

function booleans(source: Uint8Array, offset: number, count: number, where: string): Uint8Array {
  const result = new Uint8Array(copy(source, offset, count));
  const wrong = result.findIndex((value) => value > 1);
  if (wrong !== -1) {
    throw new CupbearerError('bad-data', `${where}: expected 0 or 1, found ${result[wrong]!} at element ${wrong}.`);
  }
  return result;
}

/** Numbers of 16 bits, of which `widen` gives the bits as float32. */
function widened(widen: (bits: number) => number): ElementType['decode'] {
  return (source, offset, count) => {
    const view = new DataView(source.buffer, source.byteOffset + offset, count * 2);
    const wide = new Uint32Array(count);
    for (let i = 0; i < count; i++) wide[i] = widen(view.getUint16(i * 2, true));
    return new Float32Array(wide.buffer);
  };
}

/** What can be read. The first four are also written. */
export const elementTypes: readonly ElementType[] = [
  {
    npy: '<f4',
    safetensors: 'F32',
    bytes: 4,
    array: 'Float32Array',
    decode: (source, offset, count) => new Float32Array(copy(source, offset, count * 4)),
  },
  {
    npy: '<f8',
    safetensors: 'F64',
    bytes: 8,
    array: 'Float64Array',
    decode: (source, offset, count) => new Float64Array(copy(source, offset, count * 8)),
  },
  {
    npy: '<i4',
    safetensors: 'I32',
    bytes: 4,
    array: 'Int32Array',
    decode: (source, offset, count) => new Int32Array(copy(source, offset, count * 4)),
  },
  {
    npy: '|u1',
    safetensors: 'U8',
    bytes: 1,
    array: 'Uint8Array',
    decode: (source, offset, count) => new Uint8Array(copy(source, offset, count)),
  },
  { npy: '<i8', safetensors: 'I64', bytes: 8, array: 'Int32Array', decode: narrowed },
  { npy: '|b1', safetensors: 'BOOL', bytes: 1, array: 'Uint8Array', decode: booleans },
  { npy: undefined, safetensors: 'F16', bytes: 2, array: 'Float32Array', decode: widened(fromHalf) },
  { npy: undefined, safetensors: 'BF16', bytes: 2, array: 'Float32Array', decode: widened((bits) => bits << 16) },
];

/** The element type in which `data` is written. */
export function elementTypeOf(data: TensorData): ElementType {
  const index =
    data instanceof Float32Array ? 0 : data instanceof Float64Array ? 1 : data instanceof Int32Array ? 2 : 3;
  return elementTypes[index]!;
}

/** The bytes of a typed array, without a copy. */
export function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Returns the sizes that a file gives as a shape, and their product; undefined if they are no sizes, or the product is
 * no count that could be held (above 2^53).
 */
export function parseShape(value: unknown): { sizes: number[]; count: number } | undefined {
  if (!Array.isArray(value) || !value.every(isSize)) return undefined;
  // A zero anywhere makes the array empty, however large the other sizes are.
  const count = value.includes(0) ? 0 : value.reduce((product, size) => product * size, 1);
  return Number.isSafeInteger(count) ? { sizes: value, count } : undefined;
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** @throws CupbearerError `internal` if `shape` does not describe `length` elements. */
export function checkShape(shape: readonly number[], length: number, name: string): void {
  if (parseShape(shape)?.count === length) return;
  throw new CupbearerError(
    'internal',
    `"${name}": the shape [${shape.join(', ')}] does not hold ${numbered(length, 'element')}.`,
  );
}
