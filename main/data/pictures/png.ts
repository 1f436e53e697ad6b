import { crc32, inflateSync } from 'node:zlib';
import { systemCode } from '../../storage/storage-error.ts';
import { cutOff, notPicture } from './not-picture.ts';
import type { OrientationData } from './exif.ts';
import type { Picture } from './picture.ts';
import { release } from './release.ts';

/** What a PNG's chunks say, with the compressed rows. */
interface PngContent {
  depth: number;
  colourType: number;
  isInterlaced: boolean;
  /** Red, green and blue of each colour in turn. */
  palette: Uint8Array;
  /** Opacity of the palette's colours, or the value (of 16 bits a channel) that stands for no colour. */
  transparency: Uint8Array | undefined;
  rows: Uint8Array[];
}

/** Channels and permitted bits of each by colour type (PNG specification, table 11.1). */
const colourTypes: Readonly<Record<number, { channels: number; depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  3: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};

/** Rows of fewer bytes may lie in memory that Node shares out among buffers. */
const leastOwn = 2 ** 16;

/** Part of an interlaced picture: every `dx`-th pixel of every `dy`-th row from (x, y) on. */
interface Pass {
  x: number;
  y: number;
  dx: number;
  dy: number;
}

const onePass: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];
/** Adam7 (PNG specification, 8.2). */
const interlacedPasses: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

/**
 * Decodes a PNG to the values that it stores, as Pillow's `convert('RGB')` has them: neither gamma nor colour profile
 * nor opacity changes a colour. Of 16 bits a channel the upper eight count, in grey pictures those above 255 are 255.
 * Decoders of browsers and canvases apply what we leave out, and give the rows before a fault as if they were the
 * whole.
 * @throws CupbearerError `bad-data` naming `file` if a chunk is damaged or missing, or the rows are not whole.
 */
export function decodePng(
  bytes: Uint8Array,
  { width, height }: Pick<Picture, 'width' | 'height'>,
  file: string,
): Picture {
  const content = readChunks(bytes, file);
  const { depth, colourType, isInterlaced } = content;
  const { channels } = colourTypes[colourType]!;
  const bits = depth * channels;
  const rowBytes = (count: number) => Math.ceil((count * bits) / 8);
  const passes = (isInterlaced ? interlacedPasses : onePass)
    .map((pass) => ({
      ...pass,
      columns: Math.ceil((width - pass.x) / pass.dx),
      rows: Math.ceil((height - pass.y) / pass.dy),
    }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  const total = passes.reduce((sum, { columns, rows }) => sum + rows * (1 + rowBytes(columns)), 0);
  const raw = inflated(content.rows, total, file);
  const pixels = new Uint8ClampedArray(4 * width * height);
  const step = Math.max(1, bits >> 3);
  const put = pixelWriter(content, raw, pixels);
  let at = 0;
  for (const { x, y, dx, dy, columns, rows } of passes) {
    const length = rowBytes(columns);
    for (let row = 0; row < rows; row++) {
      unfilter(raw, at + 1, length, row === 0 ? -1 : at - length, step, file);
      let to = 4 * ((y + row * dy) * width + x);
      for (let column = 0; column < columns; column++, to += 4 * dx) put(at + 1, column, to);
      at += 1 + length;
    }
  }
  if (raw.length >= leastOwn) release(raw);
  return { width, height, pixels };
}

function readChunks(bytes: Uint8Array, file: string): PngContent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [depth = 0, colourType = -1, compression = 0, filter = 0, interlace = 0] = bytes.subarray(24, 29);
  const isKnown = colourTypes[colourType]?.depths.includes(depth) ?? false;
  if (!isKnown || compression !== 0 || filter !== 0 || interlace > 1) {
    throw notPicture(file, `found a PNG of an unknown kind (colour type ${colourType}, ${depth} bits)`);
  }
  let palette: Uint8Array = new Uint8Array();
  let transparency: Uint8Array | undefined;
  const rows: Uint8Array[] = [];
  for (let at = 8; ;) {
    if (at + 12 > bytes.length) throw cutOff(file);
    const length = view.getUint32(at);
    const end = at + 12 + length;
    if (end > bytes.length) throw cutOff(file);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + length);
    const isUsed = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'].includes(type);
    if (isUsed && crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(end - 4)) {
      throw notPicture(file, `found a PNG whose chunk ${type} is damaged`);
    }
    if (type === 'PLTE') palette = data;
    if (type === 'tRNS') transparency = data;
    if (type === 'IDAT') rows.push(data);
    if (type === 'IEND') break;
    at = end;
  }
  if (colourType === 3 && palette.length === 0) throw notPicture(file, 'found a PNG without its palette');
  return { depth, colourType, isInterlaced: interlace === 1, palette, transparency, rows };
}

function inflated(parts: readonly Uint8Array[], length: number, file: string): Uint8Array {
  let raw: Uint8Array;
  try {
    raw = inflateSync(parts.length === 1 ? parts[0]! : Buffer.concat(parts), {
      maxOutputLength: length,
      // All of it at once: of pieces there would be a second copy when they are put together.
      chunkSize: Math.max(length + 1, 1024),
    });
  } catch (cause) {
    const tooMuch = systemCode(cause) === 'ERR_BUFFER_TOO_LARGE';
    throw notPicture(file, `found a PNG whose rows are ${tooMuch ? 'too many' : 'damaged or cut off'}`, cause);
  }
  if (raw.length < length) throw notPicture(file, 'found a PNG whose rows are too few');
  return raw;
}

/** Returns what a PNG that was decoded says of how it is to be turned: in a chunk of its own, or in texts as other programs write them. */
export function orientationInPng(bytes: Uint8Array): OrientationData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: OrientationData = {};
  let profile: Uint8Array | undefined;
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + view.getUint32(at));
    if (type === 'eXIf') found.exif ??= data;
    if (!textTypes.has(type)) continue;
    const { keyword, text } = textIn(type, data);
    if (keyword === 'XML:com.adobe.xmp') found.xmp ??= text;
    // Three lines, of which the last is the length, and hexadecimal digits (ImageMagick, exiv2).
    if (keyword === 'Raw profile type exif' && text) {
      profile ??= Buffer.from(latin1(text).split('\n').slice(3).join(''), 'hex');
    }
  }
  return { ...found, exif: found.exif ?? profile };
}

const textTypes: ReadonlySet<string> = new Set(['tEXt', 'zTXt', 'iTXt']);
/** Most bytes of a text once it is unpacked: profiles have some thousands. */
const mostText = 2 ** 20;

/** A text of a PNG by its keyword (PNG specification, 11.3.3); without a text where that cannot be unpacked. */
function textIn(type: string, data: Uint8Array): { keyword: string; text: Uint8Array | undefined } {
  const end = data.indexOf(0);
  if (end === -1) return { keyword: '', text: undefined };
  const keyword = latin1(data.subarray(0, end));
  const rest = data.subarray(end + 1);
  if (type === 'tEXt') return { keyword, text: rest };
  if (type === 'zTXt') return { keyword, text: unpacked(rest.subarray(1)) };
  // Whether it is packed, how, a language, and the keyword in it.
  const language = rest.indexOf(0, 2);
  const translated = language === -1 ? -1 : rest.indexOf(0, language + 1);
  if (translated === -1) return { keyword, text: undefined };
  const text = rest.subarray(translated + 1);
  return { keyword, text: rest[0] === 1 ? unpacked(text) : text };
}

function unpacked(packed: Uint8Array): Uint8Array | undefined {
  try {
    return inflateSync(packed, { maxOutputLength: mostText });
  } catch {
    // What is written about a picture may be damaged; the picture is not.
    return undefined;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/**
 * Undoes the filter of a row in place (PNG specification, 9.2); `above` is where the row above begins, -1 for the
 * first.
 */
function unfilter(raw: Uint8Array, at: number, length: number, above: number, step: number, file: string): void {
  const filter = raw[at - 1]!;
  if (filter > 4) throw notPicture(file, 'found a PNG with a row of an unknown filter');
  // The row above the first is zeros, as are the pixels left of the others.
  if (filter === 1 || (filter === 4 && above < 0)) {
    for (let k = step; k < length; k++) raw[at + k]! += raw[at + k - step]!;
  } else if (filter === 2 && above >= 0) {
    for (let k = 0; k < length; k++) raw[at + k]! += raw[above + k]!;
  } else if (filter === 3) {
    for (let k = 0; k < length; k++) {
      const left = k < step ? 0 : raw[at + k - step]!;
      raw[at + k]! += (left + (above < 0 ? 0 : raw[above + k]!)) >> 1;
    }
  } else if (filter === 4) {
    for (let k = 0; k < Math.min(step, length); k++) raw[at + k]! += raw[above + k]!;
    for (let k = step; k < length; k++)
      raw[at + k]! += paeth(raw[at + k - step]!, raw[above + k]!, raw[above + k - step]!);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** Returns what writes pixel `x` of the row that begins at `row` as red, green, blue and opacity to `to`. */
function pixelWriter(
  { depth, colourType, palette, transparency }: PngContent,
  raw: Uint8Array,
  pixels: Uint8ClampedArray,
): (row: number, x: number, to: number) => void {
  const bytes = depth === 16 ? 2 : 1;
  const write = (to: number, red: number, green: number, blue: number, opacity: number) => {
    pixels[to] = red;
    pixels[to + 1] = green;
    pixels[to + 2] = blue;
    pixels[to + 3] = opacity;
  };
  /** The whole value of a sample, whatever its depth. */
  const sample = (row: number, index: number): number => {
    if (depth === 16) return (raw[row + 2 * index]! << 8) | raw[row + 2 * index + 1]!;
    if (depth === 8) return raw[row + index]!;
    const bit = index * depth;
    return (raw[row + (bit >> 3)]! >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
  };
  if (colourType === 3) {
    return (row, x, to) => {
      const colour = sample(row, x);
      const at = 3 * colour;
      write(to, palette[at] ?? 0, palette[at + 1] ?? 0, palette[at + 2] ?? 0, transparency?.[colour] ?? 255);
    };
  }
  const keyAt = (channel: number) =>
    transparency && transparency.length >= 2 * channel + 2
      ? (transparency[2 * channel]! << 8) | transparency[2 * channel + 1]!
      : -1;
  if (colourType === 0) {
    const scale = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
    const key = keyAt(0);
    return (row, x, to) => {
      const value = sample(row, x);
      const grey = Math.min(255, value * scale);
      write(to, grey, grey, grey, value === key ? 0 : 255);
    };
  }
  if (colourType === 4) {
    return (row, x, to) => {
      const grey = raw[row + 2 * x * bytes]!;
      write(to, grey, grey, grey, raw[row + (2 * x + 1) * bytes]!);
    };
  }
  if (colourType === 6) {
    return (row, x, to) => {
      const at = row + 4 * x * bytes;
      write(to, raw[at]!, raw[at + bytes]!, raw[at + 2 * bytes]!, raw[at + 3 * bytes]!);
    };
  }
  const [red, green, blue] = [keyAt(0), keyAt(1), keyAt(2)];
  return (row, x, to) => {
    const at = row + 3 * x * bytes;
    const isKey =
      transparency !== undefined &&
      sample(row, 3 * x) === red &&
      sample(row, 3 * x + 1) === green &&
      sample(row, 3 * x + 2) === blue;
    write(to, raw[at]!, raw[at + bytes]!, raw[at + 2 * bytes]!, isKey ? 0 : 255);
  };
}
