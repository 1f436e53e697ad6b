import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  type SchemaTree,
} from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { CupbearerError } from '../../../shared/errors.ts';
import { bytesOf } from '../../storage/element-type.ts';
import { ByteFile } from '../../storage/byte-file.ts';
import type { WatchedFile } from '../../storage/watched-file.ts';
import type { FoundArray } from './found-array.ts';
import { recordsOf, type RecordSource } from './metadata-records.ts';
import { lengthsOf, type Lengths } from './stored-layers.ts';

/** What a file of a table holds: activations as columns of lists, and the other columns. */
interface ParquetTable {
  readonly arrays: readonly FoundArray[];
  /** Tokens of each sample, where a column has lists of lists of different length. */
  readonly lengths: Lengths | undefined;
  readonly others: RecordSource | undefined;
}

/** Bounds of what is decoded at a time, which takes eight bytes for each number. */
const mostValues = 2 ** 26;
const mostPageBytes = 2 ** 29;
const mostRows = 2 ** 26;
const mostGroups = 2 ** 20;
/** A page's header: with its statistics, which may hold long texts. */
const mostHeaderBytes = 2 ** 16;

/** Up to so much, a table may unpack to any size; beyond, to so many times its own size. */
const freeBytes = 2 ** 26;
const usualRatio = 64;

const float = ['FLOAT', 'DOUBLE'];

/**
 * Reads a Parquet file: columns of lists of floats become arrays `[n, d]`, of lists of lists `[n, positions, d]` or ragged, written as
 * float32 into a file of the program's own; all others are metadata.
 * @throws CupbearerError `bad-data` naming the column; `storage`.
 */
export async function readParquet(file: WatchedFile): Promise<ParquetTable> {
  return refusing(file, async () => {
    const buffer = bufferOf(file);
    const metadata = await parquetMetadataAsync(buffer, { geoparquet: false });
    checkBounds(metadata, file);
    const columns = parquetSchema(metadata).children;
    const lists = columns.filter(isActivations);
    const others = columns.filter((column) => !isActivations(column)).map(({ element }) => element.name);
    const arrays: FoundArray[] = [];
    let lengths: Lengths | undefined;
    for (const column of lists) {
      const found = await readLists(buffer, metadata, column.element.name, file);
      arrays.push(found.array);
      if (!found.lengths) continue;
      const sizes = lengthsOf(found.array, found.lengths);
      if (lengths && lengths.lengths.some((length, i) => length !== sizes.lengths[i])) {
        throw new Error(`"${column.element.name}" has other numbers of tokens than "${lengths.array.name}"`);
      }
      lengths ??= sizes;
    }
    return {
      arrays,
      lengths,
      others: others.length > 0 ? await readOthers(buffer, metadata, others, file) : undefined,
    };
  });
}

/** A Parquet file whose rows are read as they are wanted. */
export interface OpenedParquet {
  readonly columns: readonly string[];
  /** What its writer noted beside the data. */
  readonly keyValues: Readonly<Record<string, string>>;
  /** Yields the rows, a group at a time; bytes that are no text stay bytes. @throws CupbearerError `bad-data`, `storage`. */
  rows(columns: readonly string[]): AsyncGenerator<Record<string, unknown>[]>;
}

/** Opens a table to read some of its columns. @throws CupbearerError `bad-data`; `storage`. */
export async function openParquet(file: WatchedFile): Promise<OpenedParquet> {
  const buffer = bufferOf(file);
  const metadata = await refusing(file, async () => {
    const found = await parquetMetadataAsync(buffer, { geoparquet: false });
    checkBounds(found, file);
    return found;
  });
  const notes = metadata.key_value_metadata ?? [];
  return {
    columns: parquetSchema(metadata).children.map(({ element }) => element.name),
    keyValues: Object.fromEntries(notes.map(({ key, value = '' }) => [key, value])),
    async *rows(columns) {
      const groups = rowsOf(buffer, metadata, [...columns], false);
      for (;;) {
        const next = await refusing(file, () => groups.next());
        if (next.done) return;
        yield next.value;
      }
    },
  };
}

function bufferOf(file: WatchedFile): AsyncBuffer {
  return {
    byteLength: file.size,
    slice: (start, end = file.size) => file.read(start, Math.max(0, Math.min(end, file.size) - start)).buffer,
  };
}

/** @throws CupbearerError `bad-data` naming the file for whatever fault `read` meets. */
async function refusing<T>(file: WatchedFile, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CupbearerError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new CupbearerError('bad-data', `"${file.path}": expected a table in Parquet, found a fault (${why}).`, {
      cause: error,
    });
  }
}

/** Whether a column holds lists of floats, or lists of such lists. */
function isActivations(column: SchemaTree): boolean {
  let [levels, at] = [0, column];
  // A list is a group with a repeated group with the element.
  while (at.children.length === 1) {
    if (at.children[0]!.element.repetition_type === 'REPEATED') levels++;
    at = at.children[0]!;
  }
  const { type, logical_type: logical } = at.element;
  const isFloat = (type !== undefined && float.includes(type)) || logical?.type === 'FLOAT16';
  return isFloat && (levels === 1 || levels === 2);
}

/** Refuses what would take more memory than it should before anything is decoded: what a file says of itself may be wrong. */
function checkBounds(metadata: FileMetaData, file: WatchedFile): void {
  const bound = (what: string, value: number | bigint, most: number, hint?: string) => {
    if (value <= most && value >= 0) return;
    throw new CupbearerError('bad-data', `"${file.path}": expected at most ${most} ${what}, found ${value}.`, { hint });
  };
  bound('rows', metadata.num_rows, mostRows);
  bound('groups of rows', metadata.row_groups.length, mostGroups);
  let rows = 0n;
  let unpacked = 0n;
  for (const group of metadata.row_groups) {
    rows += group.num_rows;
    for (const { meta_data: column, file_path: elsewhere } of group.columns) {
      if (!column) throw new Error('a column without a description');
      if (elsewhere) throw new Error(`a column that lies in another file ("${elsewhere}")`);
      const name = column.path_in_schema.join('.');
      bound(
        `values of "${name}" in a group of rows`,
        column.num_values,
        mostValues,
        'Write it with smaller groups: pyarrow.parquet.write_table(table, file, row_group_size=1000).',
      );
      // A dictionary lets a few bytes stand for millions of values.
      unpacked +=
        column.total_uncompressed_size > column.num_values ? column.total_uncompressed_size : column.num_values;
      const begin = column.dictionary_page_offset ? column.dictionary_page_offset : column.data_page_offset;
      checkPages(file, Number(begin), Number(column.total_compressed_size), Number(column.num_values), name);
    }
  }
  if (rows !== metadata.num_rows) throw new Error(`${metadata.num_rows} rows, but ${rows} in its groups`);
  bound('bytes unpacked', unpacked, Math.max(freeBytes, usualRatio * file.size));
}

/** The pages of a column must hold what its description says, since memory is taken for what they say. */
function checkPages(file: WatchedFile, begin: number, length: number, values: number, name: string): void {
  const end = begin + length;
  if (!(begin >= 0 && length >= 0 && end <= file.size)) throw new Error(`"${name}" lies beyond the file`);
  let held = 0;
  for (let at = begin; at < end;) {
    const bytes = file.read(at, Math.min(mostHeaderBytes, end - at));
    const reader = { view: new DataView(bytes.buffer), offset: 0 };
    const page = parquetHeader(reader);
    const count = Number(
      (page.data_page_header ?? page.data_page_header_v2 ?? page.dictionary_page_header)?.num_values ?? -1,
    );
    const isBounded = (size: number) => size >= 0 && size <= mostPageBytes;
    if (
      !isBounded(Number(page.compressed_page_size)) ||
      !isBounded(Number(page.uncompressed_page_size)) ||
      !(count >= 0 && count <= mostValues)
    )
      throw new Error(`a page of "${name}" whose size is out of bounds`);
    if (page.type !== 'DICTIONARY_PAGE') held += count;
    at += reader.offset + Number(page.compressed_page_size);
    if (at > end) throw new Error(`a page of "${name}" that ends beyond its column`);
  }
  if (held !== values) throw new Error(`${values} values of "${name}", but ${held} in its pages`);
}

/** Unpacks what the library does not by itself, never to more than a page announces. */
const compressors: Compressors = {
  GZIP: (input, size) => gunzipSync(input, { maxOutputLength: Math.max(1, size) }),
  BROTLI: (input, size) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, size) }),
  // Only newer versions of Node.js have it.
  ...(typeof zstdDecompressSync === 'function'
    ? { ZSTD: (input, size) => zstdDecompressSync(input, { maxOutputLength: Math.max(1, size) }) }
    : {}),
};

/** Yields the rows of some columns, a group of rows at a time, in parts where there is an index of pages. */
async function* rowsOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: string[],
  utf8 = true,
): AsyncGenerator<Record<string, unknown>[]> {
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    if (rowEnd > rowStart)
      yield await parquetReadObjects({ file, metadata, columns, rowStart, rowEnd, compressors, utf8 });
    rowStart = rowEnd;
  }
}

async function readLists(
  buffer: AsyncBuffer,
  metadata: FileMetaData,
  name: string,
  file: WatchedFile,
): Promise<{ array: FoundArray; lengths: Int32Array | undefined }> {
  const held = ByteFile.create();
  const lengths: number[] = [];
  let width: number | undefined;
  let isNested: boolean | undefined;
  let row = 0;
  const fail = (expected: string, found: string): never => {
    throw new CupbearerError(
      'bad-data',
      `"${file.path}", column "${name}", row ${row}: expected ${expected}, found ${found}.`,
    );
  };
  for await (const rows of rowsOf(buffer, metadata, [name])) {
    for (const { [name]: value } of rows) {
      const list = isList(value) ? value : fail('a list of numbers', value === null ? 'none' : typeof value);
      isNested ??= isList(list[0]);
      const tokens = isNested ? Array.from(list) : [list];
      for (const token of tokens) {
        const numbers = isList(token) ? token : fail('a list of numbers for each token', typeof token);
        width ??= numbers.length;
        if (numbers.length !== width || width === 0)
          fail(`${width === 0 ? 'at least one number' : `${width} numbers, as in the first`}`, String(numbers.length));
        held.append(bytesOf(floatsOf(numbers, fail)));
      }
      lengths.push(tokens.length);
      row++;
    }
  }
  const [longest] = lengths;
  const isRagged = isNested === true && lengths.some((length) => length !== longest);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const shape = !isNested ? [row, width ?? 0] : isRagged ? [total, width ?? 0] : [row, longest ?? 0, width ?? 0];
  return {
    array: { name, type: 'F32', shape, held, start: 0, bytes: held.length, file },
    lengths: isRagged ? Int32Array.from(lengths) : undefined,
  };
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function floatsOf(numbers: ArrayLike<unknown>, fail: (expected: string, found: string) => never): Float32Array {
  const floats = new Float32Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i];
    floats[i] = typeof value === 'number' ? value : fail('numbers', value === null ? 'none' : typeof value);
  }
  return floats;
}

async function readOthers(
  buffer: AsyncBuffer,
  metadata: FileMetaData,
  columns: string[],
  file: WatchedFile,
): Promise<RecordSource> {
  const held = ByteFile.create();
  return recordsOf(held, file, columns, rowsOf(buffer, metadata, columns));
}
