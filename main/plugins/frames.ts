import { CupbearerError } from '../../shared/errors.ts';
import { parseBoundedJson } from '../../shared/bounded-json.ts';
import { mostFrameBytes } from './messages.ts';

const headBytes = 4;
/** Nothing in `messages.ts` is nested deeper. */
const mostDepth = 20;

/** Returns the frame of a message. @throws CupbearerError `plugin` if it is longer than the protocol allows. */
export function encodeFrame(message: object): Buffer {
  const text = Buffer.from(JSON.stringify(message));
  if (text.length > mostFrameBytes) throw tooLong(text.length);
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(text.length);
  return Buffer.concat([head, text]);
}

/** Puts frames together from the bytes of a pipe, however these are cut. */
export class FrameReader {
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #chunks: Uint8Array[] = [];
  #held = 0;

  /**
   * Takes bytes and returns the messages that they complete. Of a frame that is not complete it holds no more than came.
   * @throws CupbearerError `plugin` if a frame is longer than the protocol allows; `bad-data` if it is not JSON.
   */
  push(chunk: Uint8Array): unknown[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    const messages: unknown[] = [];
    for (let wanted = this.#wanted(); this.#held >= wanted; wanted = this.#wanted()) {
      const frame = this.#take(wanted).subarray(headBytes);
      messages.push(parseBoundedJson(this.#text(frame), { mostDepth, mostBytes: mostFrameBytes }, 'A frame'));
    }
    return messages;
  }

  /** Whether a frame has begun and not ended. */
  get isCutOff(): boolean {
    return this.#held > 0;
  }

  /** Bytes of the frame that comes next, or of its head while that is not there. */
  #wanted(): number {
    if (this.#held < headBytes) return headBytes + 1;
    if (this.#chunks[0]!.length < headBytes) this.#chunks = [this.#joined()];
    const first = this.#chunks[0]!;
    const length = new DataView(first.buffer, first.byteOffset).getUint32(0, true);
    if (length > mostFrameBytes) throw tooLong(length);
    return headBytes + length;
  }

  #take(length: number): Uint8Array {
    const all = this.#joined();
    const rest = all.subarray(length);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
    return all.subarray(0, length);
  }

  #joined(): Uint8Array {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
  }

  #text(bytes: Uint8Array): string {
    try {
      return this.#utf8.decode(bytes);
    } catch (error) {
      throw new CupbearerError('bad-data', 'A frame: expected UTF-8, found other bytes.', { cause: error });
    }
  }
}

function tooLong(length: number): CupbearerError {
  return new CupbearerError(
    'plugin',
    `A frame: expected at most ${mostFrameBytes} bytes, found ${length}. Text that a program prints must not get into the pipe of the messages.`,
  );
}
