import { command, worded } from '../../../../shared/wording.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { ByteFile } from '../../../storage/byte-file.ts';
import { bytesOf } from '../../../storage/element-type.ts';
import { WatchedFile } from '../../../storage/watched-file.ts';
import { MetadataTable } from '../../stored/metadata-table.ts';
import { openParquet, type OpenedParquet } from '../../stored/parquet.ts';
import type { ImportOptions } from '../../import-options.ts';
import type { TableFile } from './array-parts.ts';
import { halfOf, type HalfName } from './half-names.ts';
import type { Samples, SourcePart } from './source-part.ts';

/** Columns that hold the class, the text, the half and what is no feature, by their usual names. */
const labelNames = ['label', 'labels', 'class', 'target', 'y', 'fine_label'];
const textNames = ['text', 'sentence', 'content', 'review'];
const halfNames = ['split', 'half', 'subset'];
const otherNames = ['id', 'idx', 'index', ''];
/** Most texts held in memory, characters. */
const mostCharacters = 2 ** 29;
const blockRows = 4096;

/** Yields rows as values by column, some at a time. */
type Rows = AsyncIterable<readonly Readonly<Record<string, unknown>>[]>;

interface Table {
  readonly path: string;
  readonly columns: readonly string[];
  /** Names of classes by the numbers of a column. */
  namesOf(column: string): readonly string[] | undefined;
  rows(columns: readonly string[]): Rows;
}

/**
 * Reads features or texts with their classes from a CSV or Parquet file.
 * @throws CupbearerError `bad-data` naming file, column and row, what was expected and what was found; `storage`.
 */
export async function tablePart({ source, parts }: TableFile, options: ImportOptions): Promise<SourcePart> {
  const file = new WatchedFile(source);
  const table = /\.parquet$/i.test(source) ? await parquetTable(file) : csvTable(source);
  return partOf(table, halfOf(parts), options);
}

function csvTable(path: string): Table {
  const table = MetadataTable.open(path);
  return {
    path,
    columns: table.columns,
    namesOf: () => undefined,
    async *rows() {
      for (let at = 0; at < table.length; at += blockRows) {
        const count = Math.min(blockRows, table.length - at);
        yield table.rows(Int32Array.from({ length: count }, (_, i) => at + i));
        await Promise.resolve();
      }
    },
  };
}

async function parquetTable(file: WatchedFile): Promise<Table> {
  const opened = await openParquet(file);
  return {
    path: file.path,
    columns: opened.columns,
    namesOf: (column) => classNamesOf(opened, column),
    rows: (columns) => opened.rows(columns),
  };
}

/** Names of classes in the description that Hugging Face's `datasets` writes into a file. */
export function classNamesOf({ keyValues }: OpenedParquet, column: string): readonly string[] | undefined {
  try {
    const { info } = JSON.parse(keyValues['huggingface'] ?? 'null') as { info: { features: Record<string, unknown> } };
    const feature = Object.hasOwn(info.features, column) ? info.features[column] : undefined;
    const { names } = feature as { names?: unknown };
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
  } catch {
    // It is a courtesy of the writer: without it, classes are called by their numbers.
    return undefined;
  }
}

/** The column of the classes. @throws CupbearerError `bad-data` if there is none, or not the one that was named. */
export function labelColumn(columns: readonly string[], named: string | undefined, path: string): string {
  const found = named === undefined ? labelNames.find((name) => columns.includes(name)) : named;
  if (found !== undefined && columns.includes(found)) return found;
  throw new CupbearerError(
    'bad-data',
    `"${path}": expected a column ${named === undefined ? labelNames.map((name) => `"${name}"`).join(', ') : `"${named}"`} with the classes, found ${columns.join(', ')}.`,
    { hint: worded`Name the column${command(': --label NAME', '.')}` },
  );
}

async function partOf(table: Table, half: HalfName | undefined, options: ImportOptions): Promise<SourcePart> {
  const { path, columns } = table;
  const label = labelColumn(columns, options.label, path);
  const text = textNames.find((name) => columns.includes(name) && name !== label);
  const split = halfNames.find((name) => columns.includes(name) && name !== label);
  const features = columns.filter((name) => ![label, split].includes(name) && !otherNames.includes(name.toLowerCase()));
  const wanted = text === undefined ? features : [text];
  if (wanted.length === 0)
    throw new CupbearerError('bad-data', `"${path}": expected columns of features or of text, found none.`);
  const labels: (string | number)[] = [];
  const halves: (HalfName | undefined)[] = [];
  const collector = text === undefined ? new FeatureRows(path, wanted) : new Texts(path, text);
  let row = 0;
  for await (const rows of table.rows([label, ...(split === undefined ? [] : [split]), ...wanted])) {
    for (const values of rows) {
      const value = values[label];
      labels.push(typeof value === 'bigint' ? Number(value) : typeof value === 'boolean' ? Number(value) : labelOf(value, path, label, row)); // prettier-ignore
      if (split !== undefined) halves.push(halfOfCell(values[split], path, split, row));
      collector.add(values, row++);
    }
  }
  if (row === 0) throw new CupbearerError('bad-data', `"${path}": expected at least one row, found none.`);
  const samples = collector.samples();
  return {
    where: `"${path}"`,
    half: split === undefined ? half : halves,
    labels,
    names: table.namesOf(label),
    samples,
  };
}

function labelOf(value: unknown, path: string, column: string, row: number): string | number {
  if (typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw cellFault(path, column, row, 'a class', value);
}

function halfOfCell(value: unknown, path: string, column: string, row: number): HalfName {
  const half = typeof value === 'string' ? halfOf([value]) : undefined;
  if (half === undefined) throw cellFault(path, column, row, 'train, test or validation', value);
  return half;
}

function cellFault(path: string, column: string, row: number, expected: string, value: unknown): CupbearerError {
  const found =
    value === null || value === undefined
      ? 'nothing'
      : typeof value === 'string' || typeof value === 'number'
        ? JSON.stringify(String(value).slice(0, 60))
        : `a value of type ${typeof value}`;
  return new CupbearerError('bad-data', `"${path}", column "${column}", row ${row + 1}: expected ${expected}, found ${found}.`); // prettier-ignore
}

interface Collector {
  add(values: Readonly<Record<string, unknown>>, row: number): void;
  samples(): Samples;
}

/** Rows of numbers, each column one or a list of them, kept in a file of the program's own. */
class FeatureRows implements Collector {
  readonly #path: string;
  readonly #columns: readonly string[];
  readonly #held = ByteFile.create();
  #width: number | undefined;

  constructor(path: string, columns: readonly string[]) {
    this.#path = path;
    this.#columns = columns;
  }

  add(values: Readonly<Record<string, unknown>>, row: number): void {
    const numbers = this.#columns.flatMap((column) => {
      const value = values[column];
      const list =
        Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value as ArrayLike<unknown>) : [value];
      return list.map((each) => {
        const number = typeof each === 'bigint' || typeof each === 'boolean' ? Number(each) : each;
        if (typeof number === 'number' && Number.isFinite(number)) return number;
        throw cellFault(this.#path, column, row, 'a finite number', each);
      });
    });
    this.#width ??= numbers.length;
    if (numbers.length !== this.#width)
      throw new CupbearerError(
        'bad-data',
        `"${this.#path}", row ${row + 1}: expected ${this.#width} numbers, as in the first row, found ${numbers.length}.`,
      );
    this.#held.append(bytesOf(Float32Array.from(numbers)));
  }

  samples(): Samples {
    const [held, width] = [this.#held, this.#width!];
    const read = (indices: ArrayLike<number>) => new Float32Array(held.rows(indices, 4 * width).buffer);
    return { kind: 'rows', shape: [width], isBytes: false, read };
  }
}

class Texts implements Collector {
  readonly #path: string;
  readonly #column: string;
  readonly #texts: string[] = [];
  #characters = 0;

  constructor(path: string, column: string) {
    this.#path = path;
    this.#column = column;
  }

  add(values: Readonly<Record<string, unknown>>, row: number): void {
    const text = values[this.#column];
    if (typeof text !== 'string') throw cellFault(this.#path, this.#column, row, 'a text', text);
    this.#characters += text.length;
    if (this.#characters > mostCharacters)
      throw new CupbearerError(
        'bad-data',
        `"${this.#path}": expected at most ${mostCharacters} characters of texts, found more.`,
      );
    this.#texts.push(text);
  }

  samples(): Samples {
    return { kind: 'texts', texts: this.#texts };
  }
}
