import { closeSync, fstatSync, readSync } from 'node:fs';
import { parseLine, type JsonLine } from './json-lines.ts';
import { withStorageErrors } from './storage-error.ts';
import { isThere, openToRead, pathOf, type Place } from './within-folder.ts';

/** Bytes that one call reads. Of more, the last ones count: they hold the end of a long log. */
const mostBytes = 2 ** 24;

/**
 * Follows a `.jsonl` file while another process writes it. A file that has become shorter (a resumed training drops lines
 * that will come again) is read from the start.
 */
export class JsonLinesTail {
  readonly #place: Place;
  #position = 0;

  constructor(place: Place) {
    this.#place = place;
  }

  /**
   * Returns whole lines that have come since the last call, of the last {@link mostBytes}; what is not a JSON object is
   * passed over.
   * @throws CupbearerError `storage`, `bad-data` where it is not a file inside its folder.
   */
  read(): JsonLine[] {
    if (!isThere(this.#place)) return [];
    const bytes = withStorageErrors(`read "${pathOf(this.#place)}"`, () => this.#newBytes());
    const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
    this.#position += whole.length;
    return new TextDecoder()
      .decode(whole)
      .split('\n')
      .flatMap((text) => parseLine(text) ?? []);
  }

  #newBytes(): Uint8Array {
    const file = openToRead(this.#place);
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
