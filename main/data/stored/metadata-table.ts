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

  constructor(source: RecordSource) {
    this.#source = source;
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
    return values;
  }

  /** The rows at `indices`, read from the file. @throws CupbearerError `bad-data` if it has changed, `storage`. */
  rows(indices: ArrayLike<number>): MetadataRow[] {
    const { held, offsets, parse } = this.#source;
    return Array.from(indices, (row) => {
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
