import { closeSync, fstatSync, readSync } from 'node:fs';
import { parseLine, type JsonLine } from './json-lines.ts';
import { withStorageErrors } from './storage-error.ts';
import { isThere, openToRead, pathOf, type Place } from './within-folder.ts';

/** Most bytes read of what was added since the last call: the last ones, with the end of a long log. */
const mostBytes = 2 ** 24;
/**
 * Most lines that one call returns, and about how much it reads: parsing a long file at once would delay other calls.
 */
const mostLines = 2000;
const blockBytes = 2 ** 18;

const lineEnd = 0x0a;

/**
 * Follows a `.jsonl` file while another process writes it. A file that has become shorter (a resumed training drops
 * lines that will come again) is read from the start.
 */
export class JsonLinesTail {
  readonly #place: Place;
  #position = 0;
  #hasMore = false;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Whether the last call left lines for the next one, which need not wait for others to come. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /**
   * Returns the next whole lines, at most {@link mostLines}, of those that have come since the first call; what is not
   * a JSON object is passed over. Where more than {@link mostBytes} have come since the last call, the first of them
   * are left out.
   * @throws CupbearerError `storage`, `bad-data` if it is not a file inside its folder.
   */
  read(): JsonLine[] {
    const goesOn = this.#hasMore;
    this.#hasMore = false;
    if (!isThere(this.#place)) return [];
    const lines = withStorageErrors(`read "${pathOf(this.#place)}"`, () => this.#nextLines(goesOn));
    return new TextDecoder()
      .decode(lines)
      .split('\n')
      .flatMap((text) => parseLine(text) ?? []);
  }

  /** `goesOn` while lines of an earlier call are left: they are not to be lost, however many come meanwhile. */
  #nextLines(goesOn: boolean): Uint8Array {
    const file = openToRead(this.#place);
    try {
      const { size } = fstatSync(file);
      const isShorter = size < this.#position;
      if (isShorter) this.#position = 0;
      if (isShorter || !goesOn) this.#position = Math.max(this.#position, size - mostBytes);
      const left = size - this.#position;
      const most = Math.min(left, mostBytes);
      for (let length = Math.min(most, blockBytes); ; length = Math.min(most, 2 * length)) {
        const block = new Uint8Array(length);
        const read = block.subarray(0, readSync(file, block, 0, length, this.#position));
        const lines = read.subarray(0, endOfLines(read));
        // A line that is longer than a block is read in a larger one.
        if (lines.length === 0 && length < most) continue;
        this.#position += lines.length;
        this.#hasMore = lines.length > 0 && (length < left || read.includes(lineEnd, lines.length));
        return lines;
      }
    } finally {
      closeSync(file);
    }
  }
}

/** Returns where the last of the first {@link mostLines} whole lines ends. */
function endOfLines(bytes: Uint8Array): number {
  let end = 0;
  for (let lines = 0; lines < mostLines; lines++) {
    const at = bytes.indexOf(lineEnd, end);
    if (at === -1) break;
    end = at + 1;
  }
  return end;
}
