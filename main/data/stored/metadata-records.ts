import { CupbearerError } from '../../../shared/errors.ts';
import { parseBoundedJson } from '../../../shared/bounded-json.ts';
import type { ByteFile } from '../../storage/byte-file.ts';
import { decodeText } from '../../storage/read-file.ts';
import type { WatchedFile } from '../../storage/watched-file.ts';
import type { MetadataValue } from '../dataset.ts';

/** A row of metadata by column. */
export type MetadataRow = Readonly<Record<string, MetadataValue>>;

/** Where the rows of a table lie, and how one is read. */
export interface RecordSource {
  /** The file that it comes from. */
  readonly file: WatchedFile;
  readonly held: WatchedFile | ByteFile;
  /** Where each row begins, and where the last one ends. */
  readonly offsets: Float64Array;
  readonly columns: readonly string[];
  /** @throws CupbearerError `bad-data` naming the row. */
  readonly parse: (bytes: Uint8Array, row: number) => MetadataRow;
}

/** Most rows and columns of a table, and bytes of a row. */
const mostRecords = 2 ** 24;
const mostColumns = 1000;
const mostRecordBytes = 2 ** 24;
const bounds = { mostDepth: 32, mostBytes: mostRecordBytes };
/** Up to so much, a packed table may unpack to any size; beyond, to so many times its own size. */
const freeBytes = 2 ** 28;
const usualRatio = 64;
const blockBytes = 2 ** 20;
const [lineFeed, quote] = [0x0a, 0x22];

/** The rows of a file of JSON lines. @throws CupbearerError `bad-data` naming the line, `storage`. */
export function jsonLines(file: WatchedFile): RecordSource {
  const parse = (bytes: Uint8Array, row: number): MetadataRow => {
    const where = `"${file.path}", line ${row + 1}`;
    const value = parseBoundedJson(decodeText(bytes, file.path), bounds, where);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new CupbearerError('bad-data', `${where}: expected an object, found another value.`);
    return plainRow(Object.entries(value));
  };
  const offsets = recordOffsets(file, false);
  const columns = new Set<string>();
  eachRecord(file, offsets, (bytes, row) => {
    for (const name of Object.keys(parse(bytes, row))) columns.add(name);
    checkColumns(columns.size, file);
  });
  return { file, held: file, offsets, columns: [...columns], parse };
}

/**
 * The rows of a CSV file (RFC 4180) whose first row names the columns. A column in which every cell is a number, as JSON writes
 * numbers, holds numbers; an empty cell is null. @throws CupbearerError `bad-data` naming the row, `storage`.
 */
export function csvRecords(file: WatchedFile): RecordSource {
  const all = recordOffsets(file, true);
  if (all.length < 2)
    throw new CupbearerError('bad-data', `"${file.path}": expected a first row of names, found none.`);
  const cells = (bytes: Uint8Array, row: number) => csvCells(decodeText(bytes, file.path), file, row);
  const columns = cells(file.read(0, all[1]!), 0).map((name, i) => (i === 0 ? name.replace(/^\ufeff/, '') : name));
  checkColumns(columns.length, file);
  const repeated = columns.find((name, i) => columns.indexOf(name) !== i);
  if (repeated !== undefined)
    throw new CupbearerError('bad-data', `"${file.path}": expected every column once, found "${repeated}" twice.`);
  const offsets = all.subarray(1);
  const isNumeric = columns.map(() => true);
  const row = (bytes: Uint8Array, at: number) => {
    const found = cells(bytes, at + 1);
    if (found.length === columns.length) return found;
    throw new CupbearerError(
      'bad-data',
      `"${file.path}", row ${at + 1}: expected ${columns.length} cells, found ${found.length}.`,
    );
  };
  eachRecord(file, offsets, (bytes, at) => {
    for (const [i, cell] of row(bytes, at).entries()) if (cell !== '' && !number.test(cell)) isNumeric[i] = false;
  });
  const parse = (bytes: Uint8Array, at: number) => {
    const values = row(bytes, at).map((cell, i) => (cell === '' ? null : isNumeric[i] ? Number(cell) : cell));
    return plainRow(columns.map((name, i) => [name, values[i]]));
  };
  return { file, held: file, offsets, columns, parse };
}

const number = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i;

/** The rows of a table that was decoded, kept as JSON lines in a file of the program's own. */
export async function recordsOf(
  held: ByteFile,
  file: WatchedFile,
  columns: readonly string[],
  groups: AsyncIterable<readonly Record<string, unknown>[]>,
): Promise<RecordSource> {
  checkColumns(columns.length, file);
  const offsets: number[] = [0];
  const most = Math.max(freeBytes, usualRatio * file.size);
  for await (const rows of groups) {
    for (const row of rows) {
      held.append(Buffer.from(`${JSON.stringify(plainRow(Object.entries(row)))}\n`));
      offsets.push(held.length);
      if (held.length > most)
        throw new CupbearerError(
          'bad-data',
          `"${file.path}": expected at most ${most} bytes of metadata unpacked from a file of ${file.size}, found more.`,
        );
    }
  }
  const parse = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as MetadataRow;
  return { file, held, offsets: Float64Array.from(offsets), columns, parse };
}

function checkColumns(count: number, file: WatchedFile): void {
  if (count > mostColumns)
    throw new CupbearerError('bad-data', `"${file.path}": expected at most ${mostColumns} columns, found more.`);
}

function plainRow(entries: readonly (readonly [string, unknown])[]): MetadataRow {
  // Without a prototype: a column may be called "__proto__".
  const row = Object.create(null) as Record<string, MetadataValue>;
  for (const [name, value] of entries) row[name] = plain(value);
  return row;
}

function plain(value: unknown): MetadataValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Date) return Number.isFinite(value.getTime()) ? value.toISOString() : null;
  if (ArrayBuffer.isView(value)) {
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    value = [...(value as unknown as Iterable<unknown>)];
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => (typeof item === 'bigint' ? Number(item) : (item as unknown)));
    if (items.every((item) => typeof item === 'string' || typeof item === 'number')) return items;
  }
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? Number(item) : item));
}

/** Where the rows of a text begin, and where the last one ends. Empty lines at the end are no rows. */
function recordOffsets(file: WatchedFile, hasQuotes: boolean): Float64Array {
  const offsets: number[] = [0];
  let isInQuotes = false;
  const block = new Uint8Array(Math.min(blockBytes, file.size));
  for (let at = 0; at < file.size; at += block.length) {
    const part = block.subarray(0, Math.min(block.length, file.size - at));
    file.readInto(part, at);
    if (!hasQuotes) {
      for (let i = part.indexOf(lineFeed); i !== -1; i = part.indexOf(lineFeed, i + 1)) add(at + i + 1);
      continue;
    }
    for (let i = 0; i < part.length; i++) {
      if (part[i] === quote) isInQuotes = !isInQuotes;
      else if (part[i] === lineFeed && !isInQuotes) add(at + i + 1);
    }
  }
  if (offsets.at(-1) < file.size) add(file.size);
  while (offsets.length > 1 && isBlank(file.read(offsets.at(-2), Math.min(2, offsets.at(-1) - offsets.at(-2)))))
    offsets.pop();
  return Float64Array.from(offsets);

  function add(end: number) {
    if (end - offsets.at(-1) > mostRecordBytes)
      throw new CupbearerError(
        'bad-data',
        `"${file.path}", row ${offsets.length}: expected at most ${mostRecordBytes} bytes, found ${end - offsets.at(-1)}.`,
      );
    if (offsets.push(end) > mostRecords + 1)
      throw new CupbearerError('bad-data', `"${file.path}": expected at most ${mostRecords} rows, found more.`);
  }
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === lineFeed || byte === 0x0d);
}

/** Calls `see` with the bytes of every row, in their order. They are valid until the next. */
export function eachRecord(
  held: WatchedFile | ByteFile,
  offsets: Float64Array,
  see: (bytes: Uint8Array, row: number) => void,
): void {
  const count = offsets.length - 1;
  for (let row = 0; row < count;) {
    let end = row + 1;
    while (end < count && offsets[end + 1]! - offsets[row]! <= blockBytes) end++;
    const block = new Uint8Array(offsets[end]! - offsets[row]!);
    held.readInto(block, offsets[row]!);
    const from = offsets[row]!;
    for (; row < end; row++) see(block.subarray(offsets[row]! - from, offsets[row + 1]! - from), row);
  }
}

/** The cells of a row of CSV. */
function csvCells(text: string, file: WatchedFile, row: number): string[] {
  const line = text.replace(/\r?\n$/, '');
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const match = cell.exec(line);
    if (!match)
      throw new CupbearerError('bad-data', `"${file.path}", row ${row}: expected cells of CSV, found a stray quote.`);
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === '') return cells;
  }
}
