import { CupbearerError } from '../../../shared/errors.ts';

const blockBytes = 512;

/** One regular file of an archive. `content` must be read before the next entry is asked for, or is skipped then. */
export interface TarEntry {
  readonly path: string;
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * The regular files of a tar archive (POSIX ustar; of other kinds of entries only the length matters), one after the
 * other, holding no more than a chunk in memory. Writes nothing itself: what a path in the archive means is up to the
 * caller.
 * @throws CupbearerError `bad-data` naming `file` if the archive is damaged or ends too early.
 */
export async function* readTar(archive: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<TarEntry> {
  const source = new ByteSource(archive, file);
  for (;;) {
    const header = await source.takeBlock();
    // The end is marked by blocks of zeros; an archive that just stops there is whole as well.
    if (!header || header.every((byte) => byte === 0)) return;
    checkSum(header, file);
    const bytes = octal(header, 124, 12, file);
    const type = header[156]!;
    const prefix = text(header, 345, 155);
    const name = text(header, 0, 100);
    const content = source.take(bytes);
    const isRegular = type === 0 || type === '0'.charCodeAt(0);
    if (isRegular) yield { path: prefix ? `${prefix}/${name}` : name, bytes, content };
    // Whatever the caller left unread, then the padding to whole blocks.
    for await (const chunk of content) void chunk;
    for await (const chunk of source.take((blockBytes - (bytes % blockBytes)) % blockBytes)) void chunk;
  }
}

/** Chunks of any length, given out in the lengths that are asked for. */
class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #file: string;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>, file: string) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#file = file;
  }

  /** The next block, or undefined if the archive ends here. */
  async takeBlock(): Promise<Uint8Array | undefined> {
    if (!(await this.#fill())) return undefined;
    const block = new Uint8Array(blockBytes);
    let at = 0;
    for await (const piece of this.take(blockBytes)) {
      block.set(piece, at);
      at += piece.length;
    }
    return block;
  }

  /** The next `bytes` bytes in pieces; iterating again continues where the last iteration stopped. */
  take(bytes: number): AsyncIterable<Uint8Array> {
    let left = bytes;
    const next = async (): Promise<IteratorResult<Uint8Array>> => {
      if (left === 0) return { done: true, value: undefined };
      if (!(await this.#fill())) {
        throw new CupbearerError(
          'bad-data',
          `${this.#file}: expected ${left} more bytes, found the end of the archive.`,
        );
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      return { done: false, value: piece };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return false;
      this.#rest = next.value;
    }
    return true;
  }
}

function text(header: Uint8Array, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('utf8');
}

function octal(header: Uint8Array, at: number, length: number, file: string): number {
  const digits = text(header, at, length).trim();
  if (/^[0-7]+$/.test(digits)) return parseInt(digits, 8);
  throw new CupbearerError(
    'bad-data',
    `${file}: expected an octal number in a header of the archive, found "${digits}".`,
  );
}

/** The sum of the header's bytes, its own field counted as spaces, must be what the field says. */
function checkSum(header: Uint8Array, file: string): void {
  let sum = 8 * 0x20;
  for (let k = 0; k < blockBytes; k++) if (k < 148 || k >= 156) sum += header[k]!;
  const stated = octal(header, 148, 8, file);
  if (sum !== stated) {
    throw new CupbearerError('bad-data', `${file}: expected a header with checksum ${stated}, found ${sum}.`);
  }
}
