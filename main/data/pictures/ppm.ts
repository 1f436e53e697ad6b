import { cutOff, notPicture } from './not-picture.ts';
import type { Picture } from './picture.ts';

/** The header of a PPM. */
interface PpmHead {
  width: number;
  height: number;
  /** The value that is full brightness. */
  most: number;
  /** Values as text (P3) or bytes (P6). */
  isText: boolean;
  /** Where the values begin. */
  start: number;
}

/** Netpbm's P3 and P6: width, height and largest value as text, comments and white space between them. */
const head = /^P([36])(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})\s/;
/** A header with more comments than that is refused. */
const mostHead = 1024;

/**
 * Parses the header of a PPM; returns undefined if `start` is too short. @throws CupbearerError `bad-data`.
 */
export function parsePpmHead(start: Uint8Array, file: string): PpmHead | undefined {
  const parsed = head.exec(String.fromCharCode(...start.subarray(0, mostHead)));
  if (!parsed && start.length < mostHead) return undefined;
  const [kind, width, height, most] = parsed?.slice(1).map(Number) ?? [];
  if (most === undefined || most < 1 || most > 65_535) {
    throw notPicture(file, 'found a PPM without a header of width, height and a largest value of 1 to 65535');
  }
  return { width: width!, height: height!, most, isText: kind === 3, start: parsed![0].length };
}

/**
 * Decodes a PPM; values of another range than 0 to 255 are scaled to it and rounded as Pillow does, halves to the even
 * number.
 * @throws CupbearerError `bad-data` naming `file` if values are missing or, in text, are none.
 */
export function decodePpm(bytes: Uint8Array, file: string): Picture {
  const found = parsePpmHead(bytes, file);
  if (!found) throw cutOff(file);
  const { width, height, most, isText, start } = found;
  const count = 3 * width * height;
  const next = isText ? textValues(bytes, start, most, file) : byteValues(bytes, start, count, found, file);
  const pixels = new Uint8ClampedArray((count / 3) * 4).fill(255);
  // The array rounds halves to the even number and cuts off what is larger than 255.
  for (let i = 0; i < count; i++) pixels[i + Math.floor(i / 3)] = most === 255 ? next() : (next() / most) * 255;
  return { width, height, pixels };
}

function byteValues(
  bytes: Uint8Array,
  start: number,
  count: number,
  { width, height, most }: PpmHead,
  file: string,
): () => number {
  const wide = most > 255;
  const held = bytes.length - start;
  if (held < count * (wide ? 2 : 1))
    throw notPicture(file, `found a PPM with ${held} bytes for ${width} x ${height} pixels`);
  let at = start;
  return () => (wide ? (bytes[at++]! << 8) | bytes[at++]! : bytes[at++]!);
}

const [zero, nine, hash, newline] = [0x30, 0x39, 0x23, 0x0a];

/** Returns what reads one number of a text after the other. */
function textValues(bytes: Uint8Array, start: number, most: number, file: string): () => number {
  let at = start;
  const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
  return () => {
    for (; at < bytes.length && (isSpace(bytes[at]!) || bytes[at] === hash); at++)
      if (bytes[at] === hash) while (at + 1 < bytes.length && bytes[at] !== newline) at++;
    if (at >= bytes.length) throw notPicture(file, 'found a PPM with too few values');
    let value = 0;
    const first = at;
    while (at < bytes.length && bytes[at]! >= zero && bytes[at]! <= nine && value <= most)
      value = 10 * value + bytes[at++]! - zero;
    const isWhole = at > first && (at === bytes.length || isSpace(bytes[at]!) || bytes[at] === hash);
    if (isWhole && value <= most) return value;
    throw notPicture(file, `found a PPM with a value that is not a number of 0 to ${most}`);
  };
}
