import { closeSync, existsSync, fstatSync, readSync } from 'node:fs';
import { parseLine, type JsonLine } from './json-lines.ts';
import { openForReading } from './read-file.ts';
import { withStorageErrors } from './storage-error.ts';

/** Bytes that one call reads. Of more, the last ones count: they hold the end of a long log. */
const mostBytes = 2 ** 24;

/**
 * Follows a `.jsonl` file while another process writes it. A file that has become shorter (a resumed training drops lines
 * that will come again) is read from the start.
 */
export class JsonLinesTail {
  readonly #path: string;
  #position = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whole lines that have come since the last call; what is no JSON object is passed over. @throws CupbearerError `storage`. */
  read(): JsonLine[] {
    if (!existsSync(this.#path)) return [];
    const bytes = withStorageErrors(`read "${this.#path}"`, () => this.#newBytes());
    const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
    this.#position += whole.length;
    return new TextDecoder()
      .decode(whole)
      .split('\n')
      .flatMap((text) => parseLine(text) ?? []);
  }

  #newBytes(): Uint8Array {
    const file = openForReading(this.#path);
    try {
      const { size } = fstatSync(file);
      if (size < this.#position) this.#position = 0;
      this.#position = Math.max(this.#position, size - mostBytes);
      const bytes = new Uint8Array(size - this.#position);
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, this.#position));
    } finally {
      closeSync(file);
    }
  }
}
