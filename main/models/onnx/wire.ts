import { CupbearerError } from '../../../shared/errors.ts';

/** One field of a message of Protocol Buffers: a number for varints and fixed widths, bytes for all else. */
interface WireField {
  number: number;
  value: number | Uint8Array;
}

/** Most fields that are looked at in one file: a hostile one of two gigabytes could hold a billion. */
const mostFields = 20_000_000;
/** Most messages that lie within each other. */
const mostDepth = 64;

/** Reads messages of Protocol Buffers that somebody else has written, within bounds. */
export class WireReader {
  readonly #file: string;
  #fields = 0;
  #depth = 0;

  /** `file` is what messages call the file. */
  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Calls `see` with each field of the message in `bytes`, in order; bytes are views, not copies.
   * @throws CupbearerError `bad-data` if it is cut off, nested too deep, or has too many fields.
   */
  read(bytes: Uint8Array, see: (field: WireField) => void): void {
    if (++this.#depth > mostDepth) throw this.fault(`messages nested in at most ${mostDepth} levels`, 'more');
    for (let at = 0; at < bytes.length;) {
      if (++this.#fields > mostFields) throw this.fault(`at most ${mostFields} fields`, 'more');
      const key = this.#varint(bytes, at);
      const number = Math.floor(key.value / 8);
      const kind = key.value % 8;
      if (!(number >= 1 && number < 2 ** 29)) throw this.fault('the number of a field', String(number));
      at = key.end;
      if (kind === 0) {
        const { value, end } = this.#varint(bytes, at);
        see({ number, value });
        at = end;
        continue;
      }
      let length = kind === 1 ? 8 : kind === 5 ? 4 : -1;
      if (kind === 2) {
        const size = this.#varint(bytes, at);
        length = size.value;
        at = size.end;
      }
      if (length === -1) throw this.fault('a kind of field of 0, 1, 2 or 5', String(kind));
      if (!(length >= 0 && length <= bytes.length - at)) {
        throw this.fault(`a field of ${length} bytes`, `${bytes.length - at} bytes left`);
      }
      see({ number, value: bytes.subarray(at, at + length) });
      at += length;
    }
    this.#depth--;
  }

  /** Calls `see` with each number of a repeated field of varints, packed or not. @throws CupbearerError `bad-data`. */
  numbers(value: number | Uint8Array, see: (value: number) => void): void {
    if (typeof value === 'number') return see(value);
    for (let at = 0; at < value.length;) {
      if (++this.#fields > mostFields) throw this.fault(`at most ${mostFields} fields`, 'more');
      const next = this.#varint(value, at);
      see(next.value);
      at = next.end;
    }
  }

  /** The text of a field of at most `most` bytes. @throws CupbearerError `bad-data` if it is longer, or is not UTF-8. */
  text(value: number | Uint8Array, most = 4096): string {
    const bytes = this.bytes(value);
    if (bytes.length > most) throw this.fault(`a text of at most ${most} bytes`, `${bytes.length} bytes`);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.fault('text in UTF-8', 'other bytes');
    }
  }

  /** The bytes of a field. @throws CupbearerError `bad-data` if it holds a number. */
  bytes(value: number | Uint8Array): Uint8Array {
    if (typeof value === 'number') throw this.fault('bytes', `the number ${value}`);
    return value;
  }

  /** The number in a field. @throws CupbearerError `bad-data` if it holds bytes. */
  number(value: number | Uint8Array): number {
    if (typeof value !== 'number') throw this.fault('a number', `${value.length} bytes`);
    return value;
  }

  /** What is wrong with the file. */
  fault(expected: string, found: string): CupbearerError {
    return new CupbearerError(
      'bad-data',
      `"${this.#file}" is no whole ONNX file: expected ${expected}, found ${found}.`,
      {
        hint: 'It may have been cut off or damaged on the way: export or download it again.',
      },
    );
  }

  /** A whole number of 64 bits with a sign; one beyond 2^53 is rounded, which no size in a file of this kind reaches. */
  #varint(bytes: Uint8Array, start: number): { value: number; end: number } {
    let low = 0;
    let high = 0;
    for (let k = 0, at = start; k < 10; k++, at++) {
      if (at >= bytes.length) throw this.fault('a number', 'the end');
      const bits = bytes[at]! & 127;
      if (k < 4) low += bits * 2 ** (7 * k);
      else high += bits * 2 ** (7 * (k - 4));
      if (bytes[at]! >= 128) continue;
      // Below zero it is written as its complement in 64 bits.
      const isNegative = high >= 2 ** 35;
      return { value: (isNegative ? high - 2 ** 36 : high) * 2 ** 28 + low, end: at + 1 };
    }
    throw this.fault('a number of at most 10 bytes', 'a longer one');
  }
}

/** Returns a field that holds bytes, as it is written. */
export function wireField(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...bytes, rest);
    bytes.push((rest % 128) + 128);
  }
}
