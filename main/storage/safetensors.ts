import { basename } from 'node:path';
import type { NamedTensor, TensorData, TensorMap } from '../../shared/domain/tensors.ts';
import { parseBoundedJson } from '../../shared/bounded-json.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { ByteFile } from './byte-file.ts';
import { bytesOf, checkShape, elementTypeOf, elementTypes, parseShape, type ElementType } from './element-type.ts';
import { foreignFormat } from './foreign-weights.ts';
import { joinedBytes } from './joined-bytes.ts';
import { repeatedJsonKey } from './json-keys.ts';
import { numbered } from '../../shared/format.ts';

/** What a safetensors file holds: arrays, and free text by name. */
export interface SafetensorsContent {
  tensors: TensorMap;
  metadata: Record<string, string>;
}

/** The order in which the format's own library lays arrays out: wide elements first, so that all are aligned. */
const layout = ['F64', 'F32', 'I32', 'U8'];

const float32 = elementTypeOf(new Float32Array());

/** Room for a quarter of a million arrays. The format allows three times that, which takes a gigabyte to parse. */
const maxHeaderBytes = 2 ** 25;

/** Nesting of the header: names, their properties, and lists in these. */
const headerDepth = 3;

/**
 * Arrays as a safetensors file (https://huggingface.co/docs/safetensors): 8 bytes of header length, a JSON header
 * padded with spaces to a multiple of 8, the data without gaps. Wider element types come first and names in order
 * within them, as in the format's own library, so every array is aligned and equal arrays always result in equal bytes.
 * @throws CupbearerError `internal` if a shape and its data disagree or an array is called `__metadata__`.
 */
export function encodeSafetensors(tensors: TensorMap, metadata: Record<string, string> = {}): Uint8Array {
  return joinedBytes([...safetensorsParts(tensors, metadata)]);
}

/** An array that is written: float32 numbers may lie in a file, being too many for memory. */
interface WrittenTensor {
  shape: readonly number[];
  data: TensorData | ByteFile;
}

/** Yields what {@link encodeSafetensors} returns, part by part; each is valid until the next. */
export function* safetensorsParts(
  tensors: Readonly<Record<string, WrittenTensor>>,
  metadata: Record<string, string> = {},
): Generator<Uint8Array> {
  const arrays = Object.entries(tensors).map(([name, { shape, data }]) => ({
    name,
    shape,
    data,
    type: data instanceof ByteFile ? float32 : elementTypeOf(data),
    length: data instanceof ByteFile ? data.length : data.byteLength,
  }));
  const entries = laidOut(arrays);
  yield safetensorsHeader(arrays, metadata);
  for (const { data } of entries) {
    if (data instanceof ByteFile) yield* data.blocks();
    else yield bytesOf(data);
  }
}

/** An array that is announced in a header: its bytes follow in the order of {@link laidOut}. */
interface AnnouncedArray {
  name: string;
  shape: readonly number[];
  type: ElementType;
  /** Bytes. */
  length: number;
}

function laidOut<A extends AnnouncedArray>(arrays: readonly A[]): A[] {
  const place = ({ type }: A) => layout.indexOf(type.safetensors);
  return [...arrays].sort((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
}

/**
 * Returns the bytes with which a safetensors file of these arrays begins; their data follow without gaps, wider elements first
 * and names in order within them. @throws CupbearerError `internal` as {@link encodeSafetensors}.
 */
export function safetensorsHeader(
  arrays: readonly AnnouncedArray[],
  metadata: Record<string, string> = {},
): Uint8Array<ArrayBuffer> {
  const parts: string[] = [];
  if (Object.keys(metadata).length > 0) parts.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let size = 0;
  for (const { name, shape, type, length } of laidOut(arrays)) {
    if (name === '__metadata__') throw new CupbearerError('internal', 'No array can be called "__metadata__".');
    checkShape(shape, length / type.bytes, name);
    const end = size + length;
    parts.push(
      `${JSON.stringify(name)}:${JSON.stringify({ dtype: type.safetensors, shape, data_offsets: [size, end] })}`,
    );
    size = end;
  }
  const json = new TextEncoder().encode(`{${parts.join(',')}}`);
  const headerLength = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + headerLength).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(headerLength), true);
  header.set(json, 8);
  return header;
}

/**
 * Reads a safetensors file. Element types: F32, F64, I32, U8; F16 and BF16 become `Float32Array`, I64 becomes
 * `Int32Array` where every value fits, BOOL becomes `Uint8Array`. `name` is the file's name for errors.
 * @throws CupbearerError `bad-data` saying what was expected and what was found: a header beyond the file, a name
 * twice, overlapping or missing bytes, a shape that does not fit its bytes. Memory stays within a few times the file's
 * size.
 */
export function parseSafetensors(bytes: Uint8Array, name: string): SafetensorsContent {
  const { header, dataStart } = readHeader(bytes, name);
  const metadata = readMetadata(header['__metadata__'], name);
  const entries = entriesOf(header, name, elementTypes);
  checkLayout(entries, bytes.length - dataStart, name);
  const tensors = entries.map(({ key, type, shape, count, begin }): [string, NamedTensor] => [
    key,
    { shape, data: type.decode(bytes, dataStart + begin, count, `"${name}", array "${key}"`) },
  ]);
  return { tensors: Object.fromEntries(tensors), metadata };
}

/** How many bytes from the beginning hold the header, by the first eight of them and, for files of other formats, some more. @throws CupbearerError `bad-data`. */
export function headerBytes(start: Uint8Array, name: string): number {
  if (start.length < 8)
    throw bad(name, 'a safetensors file (8 bytes of header length first)', `${numbered(start.length, 'byte')}`);
  checkFormat(start, name);
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length > maxHeaderBytes) throw bad(name, `a header of at most ${maxHeaderBytes} bytes`, `${length}`);
  return 8 + Number(length);
}

/** What a safetensors file says of an array before its numbers are read. */
export interface StoredArray {
  shape: readonly number[];
  /** The format's name of the element type: "F32". */
  type: string;
  /** Where in the file its bytes begin, and how many there are. */
  start: number;
  length: number;
}

/**
 * Returns the arrays of a safetensors file by name, from its first {@link headerBytes}. Given the size of the file,
 * checks that they are laid out as {@link parseSafetensors} demands. `types` are those that may be in it, by default those
 * that {@link parseSafetensors} reads. @throws CupbearerError `bad-data`.
 */
export function parseSafetensorsDirectory(
  start: Uint8Array,
  name: string,
  fileBytes?: number,
  types: readonly HeaderType[] = elementTypes,
): Map<string, StoredArray> {
  const { header, dataStart } = readHeader(start, name);
  const entries = entriesOf(header, name, types);
  if (fileBytes !== undefined) checkLayout(entries, fileBytes - dataStart, name);
  return new Map(
    entries.map(({ key, shape, type, begin, end }) => [
      key,
      { shape, type: type.safetensors, start: dataStart + begin, length: end - begin },
    ]),
  );
}

function entriesOf<T extends HeaderType>(
  header: Record<string, unknown>,
  name: string,
  types: readonly T[],
): Entry<T>[] {
  return Object.entries(header)
    .filter(([key]) => key !== '__metadata__')
    .map(([key, value]) => readEntry(key, value, name, types));
}

/** Each of the `held` bytes of data must belong to one array. */
function checkLayout(entries: readonly Entry<HeaderType>[], held: number, name: string): void {
  let end = 0;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end) {
      const what = entry.begin < end ? 'bytes that belong to another array too' : 'a gap';
      throw bad(name, `"${entry.key}" to begin at byte ${end} of the data`, `${what} (it begins at ${entry.begin})`);
    }
    end = entry.end;
  }
  if (held !== end) throw bad(name, `${numbered(end, 'byte')} of data`, `${held}`);
}

/** The free text of a safetensors file from its first {@link headerBytes}. @throws CupbearerError `bad-data`. */
export function parseSafetensorsMetadata(start: Uint8Array, name: string): Record<string, string> {
  return readMetadata(readHeader(start, name).header['__metadata__'], name);
}

function bad(name: string, expected: string, found: string, hint?: string): CupbearerError {
  const options = hint === undefined ? {} : { hint };
  return new CupbearerError('bad-data', `"${name}": expected ${expected}, found ${found}.`, options);
}

const asFloats =
  'Convert the weights in Python: from safetensors.torch import load_file, save_file; save_file({k: v.float() for k, v in load_file("model.safetensors").items()}, "model.safetensors")';

/** @throws CupbearerError `bad-data` for the beginning of a file of another format, with what to do. */
function checkFormat(start: Uint8Array, name: string): void {
  // A safetensors file begins with a number. If that is too large for a header, it is no such file.
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length <= maxHeaderBytes) return;
  const other = foreignFormat(start, basename(name));
  if (other) throw bad(name, 'a safetensors file', other.what, other.hint);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readHeader(bytes: Uint8Array, name: string): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8)
    throw bad(name, 'a safetensors file (8 bytes of header length first)', `${numbered(bytes.length, 'byte')}`);
  checkFormat(bytes, name);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) {
    throw bad(
      name,
      `a safetensors header of ${length} bytes`,
      `only ${numbered(bytes.length - 8, 'byte')} in the file`,
    );
  }
  if (length > maxHeaderBytes) throw bad(name, `a header of at most ${maxHeaderBytes} bytes`, `${length}`);
  const dataStart = 8 + Number(length);
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, dataStart));
    header = parseBoundedJson(text, { mostDepth: headerDepth, mostBytes: maxHeaderBytes });
  } catch {
    throw bad(name, 'a safetensors header in JSON', 'other bytes');
  }
  if (!isObject(header)) throw bad(name, 'a safetensors header that is a JSON object', 'another value');
  // JSON.parse silently keeps the last of two equal keys; the format forbids them.
  const repeated = repeatedJsonKey(text);
  if (repeated !== undefined) throw bad(name, 'every name once in the header', `"${repeated}" twice`);
  return { header, dataStart };
}

function readMetadata(value: unknown, name: string): Record<string, string> {
  // Some writers use null for none.
  if (value === undefined || value === null) return {};
  if (!isObject(value) || !holdsTexts(value)) {
    throw bad(name, '__metadata__ to hold text by name', JSON.stringify(value).slice(0, 60));
  }
  return value;
}

function holdsTexts(value: Record<string, unknown>): value is Record<string, string> {
  return Object.values(value).every((text) => typeof text === 'string');
}

/** What a header has to say of an element type. */
type HeaderType = Pick<ElementType, 'safetensors' | 'bytes'>;

interface Entry<T extends HeaderType> {
  key: string;
  type: T;
  shape: number[];
  count: number;
  begin: number;
  end: number;
}

function readEntry<T extends HeaderType>(key: string, value: unknown, name: string, types: readonly T[]): Entry<T> {
  const fields = isObject(value) ? Object.keys(value).sort().join(', ') : typeof value;
  if (!isObject(value) || fields !== 'data_offsets, dtype, shape') {
    throw bad(name, `dtype, shape and data_offsets for the array "${key}"`, fields);
  }
  const { dtype, shape, data_offsets: offsets } = value;
  const type = types.find(({ safetensors }) => safetensors === dtype);
  if (!type) {
    const known = types.map(({ safetensors }) => safetensors).join(', ');
    throw bad(name, `the array "${key}" to be of type ${known}`, JSON.stringify(dtype), asFloats);
  }
  const parsed = parseShape(shape);
  if (!parsed) throw bad(name, `a shape of whole numbers for the array "${key}"`, JSON.stringify(shape));
  if (!isOffsets(offsets)) throw bad(name, `two byte offsets for the array "${key}"`, JSON.stringify(offsets));
  const { sizes, count } = parsed;
  const [begin, end] = offsets;
  if (end - begin !== count * type.bytes) {
    throw bad(name, `${numbered(count * type.bytes, 'byte')} for the array "${key}"`, `${end - begin}`);
  }
  return { key, type, shape: sizes, count, begin, end };
}

function isOffsets(value: unknown): value is [number, number] {
  return (
    Array.isArray(value) && value.length === 2 && value.every((item) => Number.isSafeInteger(item) && Number(item) >= 0)
  );
}
