import { CupbearerError } from '../errors.ts';

/** Arrays that travel between processes as they lie in memory, never as JSON. */
export type ArrayMap = Record<string, Float32Array | Int32Array | Uint8Array>;

const kinds = { f32: Float32Array, i32: Int32Array, u8: Uint8Array } as const;
type Kind = keyof typeof kinds;

interface Entry {
  name: string;
  kind: Kind;
  length: number;
}

const kindOf = (array: ArrayMap[string]): Kind =>
  array instanceof Float32Array ? 'f32' : array instanceof Int32Array ? 'i32' : 'u8';

/** Every array starts at a multiple of this, so that a view can be laid on it without a copy. */
const alignment = 4;
const aligned = (bytes: number) => Math.ceil(bytes / alignment) * alignment;

/**
 * Packs named arrays into one binary object: a little-endian uint32 with the length of the JSON directory, the directory,
 * then the arrays one after another, each at a multiple of four bytes.
 */
export function packedBytes(arrays: ArrayMap): Uint8Array<ArrayBuffer> {
  const directory: Entry[] = Object.entries(arrays).map(([name, array]) => ({
    name,
    kind: kindOf(array),
    length: array.length,
  }));
  const text = new TextEncoder().encode(JSON.stringify(directory));
  const start = aligned(4 + text.length);
  const total = Object.values(arrays).reduce((sum, array) => sum + aligned(array.byteLength), start);
  const bytes = new Uint8Array(total);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  let position = start;
  for (const array of Object.values(arrays)) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), position);
    position += aligned(array.byteLength);
  }
  return bytes;
}

/** {@link packedBytes} as a file. */
export function packArrays(arrays: ArrayMap): Blob {
  return new Blob([packedBytes(arrays)], { type: 'application/octet-stream' });
}

/** The inverse of {@link packArrays}. @throws CupbearerError `bad-data` if the bytes are not what that writes. */
export async function unpackArrays(blob: Blob): Promise<ArrayMap> {
  const buffer = await blob.arrayBuffer();
  const wrong = (what: string) => new CupbearerError('bad-data', `These are not packed arrays: ${what}.`);
  if (buffer.byteLength < 4) throw wrong('too short');
  const length = new DataView(buffer).getUint32(0, true);
  if (4 + length > buffer.byteLength) throw wrong('the directory is cut off');
  const directory = readDirectory(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  if (!directory) throw wrong('the directory cannot be read');
  const arrays: ArrayMap = {};
  let position = aligned(4 + length);
  for (const { name, kind, length: count } of directory) {
    const type = kinds[kind];
    const size = count * type.BYTES_PER_ELEMENT;
    if (position + size > buffer.byteLength) throw wrong(`"${name}" is cut off`);
    arrays[name] = new type(buffer, position, count);
    position += aligned(size);
  }
  return arrays;
}

function readDirectory(text: string): Entry[] | undefined {
  try {
    const entries: unknown = JSON.parse(text);
    return Array.isArray(entries) && entries.every(isEntry) ? entries : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const { name, kind, length } = value as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    typeof kind === 'string' &&
    Object.hasOwn(kinds, kind) &&
    Number.isSafeInteger(length) &&
    (length as number) >= 0
  );
}
