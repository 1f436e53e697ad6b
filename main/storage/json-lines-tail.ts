import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { JsonLine } from './json-lines.ts';
import { withStorageErrors } from './storage-error.ts';

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
      .flatMap((text) => parsed(text));
  }

  #newBytes(): Uint8Array {
    const file = openSync(this.#path, 'r');
    try {
      const { size } = fstatSync(file);
      if (size < this.#position) this.#position = 0;
      const bytes = new Uint8Array(size - this.#position);
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, this.#position));
    } finally {
      closeSync(file);
    }
  }
}

function parsed(text: string): JsonLine[] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? [value] : [];
  } catch {
    return [];
  }
}
