import { cutOff, notPicture } from './not-picture.ts';
import type { Picture } from './picture.ts';

/** The header of a PBM (black and white), PGM (grey) or PPM (colour), the formats of Netpbm. */
interface NetpbmHead {
  format: 'PBM' | 'PGM' | 'PPM';
  width: number;
  height: number;
  /** The value that is full brightness; 1 in a PBM, where 1 is black. */
  most: number;
  /** Values as text (P1 to P3) or bytes (P4 to P6). */
  isText: boolean;
  /** Where the values begin. */
  start: number;
}

const formats = ['PBM', 'PGM', 'PPM'] as const;

const gap = String.raw`(?:\s|#[^\n]*\n)+`;
/** Width, height and, but for a PBM, largest value as text, comments and white space between them. */
const head = new RegExp(
  String.raw`^P(?:([14])${gap}(\d{1,9})${gap}(\d{1,9})\s|([2356])${gap}(\d{1,9})${gap}(\d{1,9})${gap}(\d{1,9})\s)`,
);
/** A header with more comments than that is refused. */
const mostHead = 1024;

/**
 * Parses the header of a PBM, PGM or PPM; returns undefined if `start` is too short. @throws CupbearerError `bad-data`.
 */
export function parseNetpbmHead(start: Uint8Array, file: string): NetpbmHead | undefined {
  const parsed = head.exec(String.fromCharCode(...start.subarray(0, mostHead)));
  if (!parsed && start.length < mostHead) return undefined;
  const [kind = 0, width = 0, height = 0, most = 1] = (parsed ?? [])
    .slice(1)
    .filter((text) => text !== undefined)
    .map(Number);
  const format = formats[(kind - 1) % 3];
  if (!parsed || !format || most < 1 || most > 65_535) {
    throw notPicture(
      file,
      'found a PPM, PGM or PBM without a header of width, height and a largest value of 1 to 65535',
    );
  }
  return { format, width, height, most, isText: kind <= 3, start: parsed[0].length };
}

/**
 * Decodes a PBM, PGM or PPM as Pillow does: values of another range than 0 to 255 are scaled to it and rounded, halves to the
 * even number. Grey values of more than eight bits are scaled to 65535, and what is above 255 is 255.
 * @throws CupbearerError `bad-data` naming `file` if values are missing or, in text, are none.
 */
export function decodeNetpbm(bytes: Uint8Array, file: string): Picture {
  const found = parseNetpbmHead(bytes, file);
  if (!found) throw cutOff(file);
  const { format, width, height, most, isText } = found;
  const next = valuesOf(format, isText)(bytes, found, file);
  const pixels = new Uint8ClampedArray(4 * width * height).fill(255);
  const full = format === 'PGM' && most > 255 ? 65_535 : 255;
  // The array rounds halves to the even number and cuts off what is larger than 255.
  const scaled = most === full ? next : () => (next() / most) * full;
  for (let at = 0; at < pixels.length; at += 4) {
    if (format === 'PPM') for (let k = 0; k < 3; k++) pixels[at + k] = scaled();
    else pixels.fill(format === 'PBM' ? 255 - scaled() : scaled(), at, at + 3);
  }
  return { width, height, pixels };
}

/** Returns what reads one value of a picture after the other. */
type Values = (bytes: Uint8Array, head: NetpbmHead, file: string) => () => number;

function valuesOf(format: NetpbmHead['format'], isText: boolean): Values {
  if (format === 'PBM') return isText ? textBits : packedBits;
  return isText ? textValues : byteValues;
}

/** @throws CupbearerError `bad-data` where fewer than `expected` bytes follow the header. */
function checkHeld(
  bytes: Uint8Array,
  { format, width, height, start }: NetpbmHead,
  expected: number,
  file: string,
): void {
  const held = bytes.length - start;
  if (held < expected) throw notPicture(file, `found a ${format} with ${held} bytes for ${width} x ${height} pixels`);
}

function byteValues(bytes: Uint8Array, head: NetpbmHead, file: string): () => number {
  const { format, width, height, most, start } = head;
  const wide = most > 255;
  checkHeld(bytes, head, (format === 'PPM' ? 3 : 1) * width * height * (wide ? 2 : 1), file);
  let at = start;
  return () => (wide ? (bytes[at++]! << 8) | bytes[at++]! : bytes[at++]!);
}

/** Eight pixels a byte, the first in the highest bit; each row begins with a byte of its own. */
function packedBits(bytes: Uint8Array, head: NetpbmHead, file: string): () => number {
  const { width, height, start } = head;
  const stride = Math.ceil(width / 8);
  checkHeld(bytes, head, stride * height, file);
  let pixel = 0;
  return () => {
    const x = pixel % width;
    const y = Math.floor(pixel++ / width);
    return (bytes[start + y * stride + (x >> 3)]! >> (7 - (x & 7))) & 1;
  };
}

const [zero, one, nine, hash, newline] = [0x30, 0x31, 0x39, 0x23, 0x0a];
const isSpace = (byte: number | undefined) => byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);

/** The first place from `at` on that holds neither white space nor a comment. */
function afterGap(bytes: Uint8Array, at: number): number {
  for (; at < bytes.length && (isSpace(bytes[at]) || bytes[at] === hash); at++)
    if (bytes[at] === hash) while (at + 1 < bytes.length && bytes[at] !== newline) at++;
  return at;
}

function textValues(bytes: Uint8Array, { format, start, most }: NetpbmHead, file: string): () => number {
  let at = start;
  return () => {
    at = afterGap(bytes, at);
    if (at >= bytes.length) throw notPicture(file, `found a ${format} with too few values`);
    let value = 0;
    const first = at;
    while (at < bytes.length && bytes[at]! >= zero && bytes[at]! <= nine && value <= most)
      value = 10 * value + bytes[at++]! - zero;
    const isWhole = at > first && (at === bytes.length || isSpace(bytes[at]) || bytes[at] === hash);
    if (isWhole && value <= most) return value;
    throw notPicture(file, `found a ${format} with a value that is not a number of 0 to ${most}`);
  };
}

/** Digits need no white space between them. */
function textBits(bytes: Uint8Array, { format, start }: NetpbmHead, file: string): () => number {
  let at = start;
  return () => {
    at = afterGap(bytes, at);
    const digit = bytes[at++];
    if (digit === undefined) throw notPicture(file, `found a ${format} with too few values`);
    if (digit === zero || digit === one) return digit - zero;
    throw notPicture(file, `found a ${format} with a value that is neither 0 nor 1`);
  };
}
