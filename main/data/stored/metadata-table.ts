import { extname } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import type { MetadataValue } from '../dataset.ts';
import { WatchedFile } from '../../storage/watched-file.ts';
import type { Place } from '../../storage/within-folder.ts';
import { csvRecords, eachRecord, jsonLines, type MetadataRow, type RecordSource } from './metadata-records.ts';

/** Most characters of a column that is taken as a whole. */
const mostCharacters = 2 ** 27;

/** What is known of the samples besides their activations, a row each in the order of the samples. Rows stay in the file. */
export class MetadataTable {
  readonly #source: RecordSource;
  /** Number of the row of each sample, where rows are in another order. */
  readonly #order: Int32Array | undefined;

  constructor(source: RecordSource, order?: Int32Array) {
    this.#source = source;
    this.#order = order;
  }

  /** Reads a CSV file or JSON lines. @throws CupbearerError `bad-data` naming the row, `not-found`, `storage`. */
  static open(place: Place): MetadataTable {
    const file = new WatchedFile(place);
    const read = textReaders[extname(file.path).toLowerCase()];
    if (read) return new MetadataTable(read(file));
    throw new CupbearerError(
      'bad-data',
      `"${file.path}": expected metadata as ${Object.keys(textReaders).join(', ')} or .parquet, found another kind.`,
    );
  }

  get file(): WatchedFile {
    return this.#source.file;
  }

  get path(): string {
    return this.file.path;
  }

  get length(): number {
    return this.#source.offsets.length - 1;
  }

  get columns(): readonly string[] {
    return this.#source.columns;
  }

  /** A whole column. @throws CupbearerError `usage` if there is none of that name, `bad-data` if it is too large for memory. */
  column(name: string): readonly MetadataValue[] {
    if (!this.columns.includes(name)) {
      throw new CupbearerError(
        'usage',
        `"${this.path}": expected a column "${name}", found ${this.columns.map((column) => `"${column}"`).join(', ')}.`,
      );
    }
    const values: MetadataValue[] = [];
    // Most columns repeat a few texts: each is held once.
    const known = new Map<string, string>();
    let characters = 0;
    eachRecord(this.#source.held, this.#source.offsets, (bytes, row) => {
      let value = this.#source.parse(bytes, row)[name] ?? null;
      if (typeof value === 'string') {
        const held = known.get(value);
        if (held === undefined) {
          characters += value.length;
          if (known.size < mostKnown) known.set(value, value);
        }
        value = held ?? value;
      } else if (Array.isArray(value)) characters += JSON.stringify(value).length;
      if (characters > mostCharacters)
        throw new CupbearerError(
          'bad-data',
          `"${this.path}", column "${name}": expected at most ${mostCharacters} characters in all, found more.`,
        );
      values.push(value);
    });
    return this.#order ? Array.from(this.#order, (row) => values[row]!) : values;
  }

  /**
   * The same rows in the order of samples called `names`, if the column `id` has all of these names. Files of requests lie in no order that
   * means anything.
   */
  inOrderOf(names: readonly string[]): MetadataTable {
    if (!this.columns.includes('id') || names.length !== this.length) return this;
    const rows = new Map(this.column('id').map((id, row) => [String(id), row]));
    const order = names.map((name) => rows.get(name));
    return order.every((row) => row !== undefined) ? new MetadataTable(this.#source, Int32Array.from(order)) : this;
  }

  /** The rows of the samples at `indices`, read from the file. @throws CupbearerError `bad-data` if it has changed, `storage`. */
  rows(indices: ArrayLike<number>): MetadataRow[] {
    const { held, offsets, parse } = this.#source;
    return Array.from(indices, (index) => {
      const row = this.#order ? this.#order[index]! : index;
      const bytes = new Uint8Array(offsets[row + 1]! - offsets[row]!);
      held.readInto(bytes, offsets[row]!);
      return parse(bytes, row);
    });
  }

  close(): void {
    this.file.close();
  }
}

const mostKnown = 10_000;

const textReaders: Record<string, (file: WatchedFile) => RecordSource> = {
  '.jsonl': jsonLines,
  '.ndjson': jsonLines,
  '.csv': csvRecords,
};
