import { CupbearerError } from '../../../shared/errors.ts';
import { notPicture } from './not-picture.ts';
import { parseNetpbmHead } from './netpbm.ts';

/** What the first bytes of a picture file say of it. */
export interface PictureHeader {
  format: 'PNG' | 'JPEG' | 'PPM' | 'PGM' | 'PBM';
  width: number;
  height: number;
  /** Whether it has one channel; a picture of three may be grey all the same. */
  isGrey: boolean;
}

/**
 * Most pixels of a picture: enough for photographs of 33 megapixels. Decoding takes 8 to 12 bytes for each, 400 MB at
 * most.
 */
export const mostPixels = 2 ** 25;

/** Most pixels along a side: what JPEG can say. */
const mostSide = 2 ** 16 - 1;

/** Most bytes of a picture file: a PPM of {@link mostPixels} and its header. */
export const mostPictureBytes = 3 * mostPixels + 1024;

/**
 * Returns format and size of a picture from the beginning of its file, or undefined if that is too short to tell.
 * @throws CupbearerError `bad-data` naming `file` if it is not a PNG, JPEG, PPM, PGM or PBM, or larger than
 *   {@link mostPixels}.
 */
export function parsePictureHeader(start: Uint8Array, file: string): PictureHeader | undefined {
  const parse = parsers.find(({ magic }) => magic.every((byte, k) => start[k] === byte))?.parse;
  if (!parse) throw notPicture(file, `found ${kindOf(start)}`);
  const header = parse(start, file);
  if (header) checkSize(header, file);
  return header;
}

function checkSize({ width, height }: PictureHeader, file: string): void {
  if (width === 0 || height === 0) throw notPicture(file, `found one of ${width} x ${height} pixels`);
  if (Math.max(width, height) <= mostSide && width * height <= mostPixels) return;
  throw new CupbearerError(
    'bad-data',
    `${file}: expected a picture of at most ${mostPixels} pixels and ${mostSide} along a side, found ${width} x ${height}.`,
    { hint: 'Scale it down first.' },
  );
}

const parsers: readonly {
  magic: readonly number[];
  parse: (start: Uint8Array, file: string) => PictureHeader | undefined;
}[] = [
  { magic: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], parse: parsePng },
  { magic: [0xff, 0xd8, 0xff], parse: parseJpeg },
  // "P1" to "P6".
  ...[0x31, 0x32, 0x33, 0x34, 0x35, 0x36].map((digit) => ({ magic: [0x50, digit], parse: parseNetpbm })),
];

/** Colour types of PNG without colours (PNG specification, 11.2.1). */
const greyTypes = [0, 4];

function parsePng(start: Uint8Array, file: string): PictureHeader | undefined {
  if (start.length < 33) return undefined;
  const view = viewOf(start);
  const isHeader = view.getUint32(8) === 13 && String.fromCharCode(...start.subarray(12, 16)) === 'IHDR';
  if (!isHeader) throw notPicture(file, 'found a PNG without a header');
  return {
    format: 'PNG',
    width: view.getUint32(16),
    height: view.getUint32(20),
    isGrey: greyTypes.includes(start[25]!),
  };
}

/** Markers that begin a frame (ITU-T T.81, table B.1): C4, C8 and CC of that range mean something else. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
/** Markers that no length follows. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);

function parseJpeg(start: Uint8Array, file: string): PictureHeader | undefined {
  const view = viewOf(start);
  for (let at = 2; ;) {
    // Decoders pass over bytes between segments, and a marker may have any number of FF in front.
    while (at < start.length && start[at] !== 0xff) at++;
    while (at < start.length && start[at] === 0xff) at++;
    const marker = start[at];
    if (marker === undefined || at + 9 > start.length) return undefined;
    if (marker === 0xda || marker === 0xd9) throw notPicture(file, 'found a JPEG without a header');
    if (isFrame(marker)) {
      return {
        format: 'JPEG',
        width: view.getUint16(at + 6),
        height: view.getUint16(at + 4),
        isGrey: start[at + 8] === 1,
      };
    }
    at += marker === 0 || isBare(marker) ? 1 : 1 + view.getUint16(at + 1);
  }
}

function parseNetpbm(start: Uint8Array, file: string): PictureHeader | undefined {
  const head = parseNetpbmHead(start, file);
  return head && { format: head.format, width: head.width, height: head.height, isGrey: head.format !== 'PPM' };
}

/** Formats that pass for pictures elsewhere, by how they begin. */
const otherKinds: readonly (readonly [start: RegExp, kind: string])[] = [
  [/^GIF8/, 'a GIF'],
  [/^RIFF[^]{4}WEBP/, 'a WebP'],
  [/^BM/, 'a BMP'],
  [/^[^]{4}ftyp(?:avif|avis|mif1|heic)/, 'an AVIF or HEIC'],
  [/^\0\0[^]\0/, 'an icon'],
  [/^(?:II\*\0|MM\0\*)/, 'a TIFF'],
  [/^\s*(?:\u00ef\u00bb\u00bf)?\s*<(?:\?xml|!doctype svg|svg|!--)/i, 'an SVG'],
];

/** "a GIF", "nothing", or that it is something else. */
function kindOf(start: Uint8Array): string {
  if (start.length === 0) return 'nothing';
  const text = latin1(start.subarray(0, 64));
  return otherKinds.find(([begins]) => begins.test(text))?.[1] ?? 'something else';
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
