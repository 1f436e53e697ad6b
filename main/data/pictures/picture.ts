import { createCanvas, loadImage, type Image } from '@napi-rs/canvas';
import { CupbearerError } from '../../../shared/errors.ts';
import { readFileBytes, readFileStart } from '../../storage/read-file.ts';
import { requireDataReach } from '../data-reach.ts';
import { mostPictureBytes, notPicture, parsePictureHeader, ppmStart, type PictureHeader } from './picture-header.ts';
import type { PixelRoom } from './pixel-room.ts';

/** A decoded picture: `pixels` is `[height, width, 4]`, red, green, blue, opacity of 0 to 255, not premultiplied. */
export interface Picture {
  width: number;
  height: number;
  pixels: Uint8ClampedArray;
}

/** A part of a picture in its own pixels. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * Most pixels of a JPEG times the passes over them: a progressive one of a few kilobytes may ask for thousands of passes. The
 * usual ten leave room for any picture.
 */
const mostPassedPixels = 2 ** 31;

/**
 * Resolves with what `use` returns for the decoded picture in a file, whose pixels are released then. `room` bounds how many
 * pixels there are at once.
 * @throws CupbearerError as {@link decodePicture}; `not-found`, `storage`; what `use` throws.
 */
export async function withPicture<T>(path: string, use: (picture: Picture) => T, room?: PixelRoom): Promise<T> {
  const { header, whole } = readStart(path);
  const count = header.width * header.height;
  await room?.take(count);
  try {
    // A large file is read when its turn has come: those that wait are not to fill the memory either.
    const { pixels, ...size } = await decodePicture(whole ?? readFileBytes(path, mostPictureBytes), path);
    try {
      return use({ ...size, pixels });
    } finally {
      release(pixels);
    }
  } finally {
    room?.giveBack(count);
  }
}

/** Bytes in which nearly every picture has its header; where notes stand in front of it, more are read. */
const usualStart = 2 ** 16;

/** Returns format and size of the picture in a file. @throws CupbearerError as {@link parsePictureHeader}; `not-found`, `storage`. */
export function readPictureHeader(path: string): PictureHeader {
  return readStart(path).header;
}

/** `whole` is the file where it is so small that all of it was read. */
function readStart(path: string): { header: PictureHeader; whole?: Uint8Array } {
  requireDataReach(path);
  for (let length = usualStart; ; length *= 16) {
    const most = Math.min(length, mostPictureBytes);
    const start = readFileStart(path, most);
    const header = parsePictureHeader(start, path);
    if (header) return start.length < most ? { header, whole: start } : { header };
    if (start.length < length) throw cutOff(path);
  }
}

/** Pixels by the hundred million bytes would else wait for a collection, while the next picture is decoded. */
function release({ buffer }: Uint8ClampedArray): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/**
 * Decodes PNG, JPEG or binary PPM; of a PNG that moves, the still image.
 * @throws CupbearerError `bad-data` naming `file` where it is none of these, damaged or too large.
 */
export async function decodePicture(bytes: Uint8Array, file: string): Promise<Picture> {
  const header = wholeHeader(bytes, file);
  return header.format === 'PPM' ? decodePpm(bytes, header, file) : decodeByCanvas(bytes, header, file);
}

/** @throws CupbearerError `bad-data` where the file ends within its header. */
function wholeHeader(bytes: Uint8Array, file: string): PictureHeader {
  const header = parsePictureHeader(bytes, file);
  if (header) return header;
  throw cutOff(file);
}

function cutOff(file: string): CupbearerError {
  return notPicture(file, 'found only the beginning of one');
}

/** Pictures are looked at for colours at this size at most, which takes a third of the memory of all their pixels. */
const coloursSide = 256;

/**
 * Returns whether a picture file has a pixel that is not grey, where larger ones count as scaled to 256 pixels along a side.
 * @throws CupbearerError as {@link decodePicture}; `not-found`, `storage`.
 */
export async function showsColours(path: string): Promise<boolean> {
  requireDataReach(path);
  const bytes = readFileBytes(path, mostPictureBytes);
  const header = wholeHeader(bytes, path);
  if (header.isGrey) return false;
  const { pixels } =
    header.format === 'PPM' ? decodePpm(bytes, header, path) : await decodeByCanvas(bytes, header, path, coloursSide);
  try {
    for (let at = 0; at < pixels.length; at += 4) {
      if (pixels[at] !== pixels[at + 1] || pixels[at] !== pixels[at + 2]) return true;
    }
    return false;
  } finally {
    release(pixels);
  }
}

/** Decodes a picture, scaled down by the canvas' own filter where a side is longer than `mostSide`. */
async function decodeByCanvas(
  bytes: Uint8Array,
  header: PictureHeader,
  file: string,
  mostSide = Infinity,
): Promise<Picture> {
  if (header.format === 'JPEG') checkPasses(bytes, header, file);
  try {
    const image = await loadImage(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    try {
      checkAsSaid(image, header, file);
      return drawnPixels(image, Math.min(1, mostSide / Math.max(image.width, image.height)));
    } finally {
      forget(image);
    }
  } catch (cause) {
    if (cause instanceof CupbearerError) throw cause;
    throw notPicture(file, 'found something that cannot be decoded', cause);
  }
}

/** The pixels of an image, which has none afterwards: image, canvas and pixels never are in memory all three. */
function drawnPixels(image: Image, scale: number): Picture {
  const width = Math.ceil(image.width * scale);
  const height = Math.ceil(image.height * scale);
  const canvas = createCanvas(width, height);
  try {
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0, width, height);
    forget(image);
    return { width, height, pixels: context.getImageData(0, 0, width, height).data };
  } finally {
    canvas.width = 1;
    canvas.height = 1;
  }
}

/** Drops the decoded pixels that an image holds outside of JavaScript's memory, until a collection otherwise. */
function forget(image: Image): void {
  image.src = Buffer.alloc(0);
}

/** Counts the scans of a JPEG: each is a pass over all its pixels. */
function checkPasses(bytes: Uint8Array, { width, height }: PictureHeader, file: string): void {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const most = Math.floor(mostPassedPixels / (width * height));
  let scans = 0;
  for (let at = whole.indexOf(scanMarker); at !== -1; at = whole.indexOf(scanMarker, at + 2)) {
    if (++scans > most)
      throw notPicture(file, `found a JPEG with more than ${most} scans of ${width} x ${height} pixels`);
  }
}

const scanMarker = Buffer.from([0xff, 0xda]);

/** A note in a JPEG may have it turned by a right angle; else it has the size that was checked. */
function checkAsSaid({ width, height }: Image, header: PictureHeader, file: string): void {
  if (width === header.width && height === header.height) return;
  if (width === header.height && height === header.width) return;
  throw notPicture(file, `found one of ${width} x ${height} pixels that says ${header.width} x ${header.height}`);
}

/** The RGB bytes behind the header. */
function decodePpm(bytes: Uint8Array, { width, height }: PictureHeader, file: string): Picture {
  const start = ppmStart(bytes);
  const count = width * height;
  if (bytes.length - start < 3 * count) {
    throw notPicture(file, `found a PPM with ${bytes.length - start} bytes for ${width} x ${height} pixels`);
  }
  const pixels = new Uint8ClampedArray(4 * count);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = bytes[start + 3 * i + c]!;
    pixels[4 * i + 3] = 255;
  }
  return { width, height, pixels };
}

/**
 * The picture, or a region of it, scaled to `width` x `height` by a triangle filter that is as wide as a source pixel or
 * an output pixel, whichever is larger (what Pillow calls bilinear). Proportions are not kept; nothing outside the region
 * counts, nor do the colours of transparent pixels.
 */
export function scaled(picture: Picture, width: number, height: number, region?: Region): Picture {
  const from = region ?? { x: 0, y: 0, width: picture.width, height: picture.height };
  if (!region && width === picture.width && height === picture.height) return picture;
  const columns = triangleWeights(from.width, width);
  const rows = triangleWeights(from.height, height);
  // Rows that are already scaled along their width, as many as one output row is made of: all of them could be gigabytes.
  const kept = rows.reduce((most, { weights }) => Math.max(most, weights.length), 0);
  const across = new Float64Array(kept * width * 4);
  let scaledRows = 0;
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    const { first, weights } = rows[y]!;
    for (scaledRows = Math.max(scaledRows, first); scaledRows < first + weights.length; scaledRows++) {
      scaleRow(picture, from, scaledRows, columns, across, (scaledRows % kept) * width * 4);
    }
    for (let x = 0; x < width; x++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let opacity = 0;
      for (let k = 0; k < weights.length; k++) {
        const at = (((first + k) % kept) * width + x) * 4;
        red += weights[k]! * across[at]!;
        green += weights[k]! * across[at + 1]!;
        blue += weights[k]! * across[at + 2]!;
        opacity += weights[k]! * across[at + 3]!;
      }
      const to = (y * width + x) * 4;
      // What is wholly transparent stays black.
      if (opacity === 0) continue;
      pixels[to] = (255 * red) / opacity;
      pixels[to + 1] = (255 * green) / opacity;
      pixels[to + 2] = (255 * blue) / opacity;
      pixels[to + 3] = opacity;
    }
  }
  return { width, height, pixels };
}

/** Writes row `y` of a region, scaled along its width, from `start` on: colours times opacity, and opacity. */
function scaleRow(
  { width, pixels }: Picture,
  from: Region,
  y: number,
  columns: readonly { first: number; weights: Float64Array }[],
  across: Float64Array,
  start: number,
): void {
  columns.forEach(({ first, weights }, x) => {
    let at = ((from.y + y) * width + from.x + first) * 4;
    let red = 0;
    let green = 0;
    let blue = 0;
    let opacity = 0;
    for (let k = 0; k < weights.length; k++, at += 4) {
      const share = weights[k]! * pixels[at + 3]!;
      red += (share * pixels[at]!) / 255;
      green += (share * pixels[at + 1]!) / 255;
      blue += (share * pixels[at + 2]!) / 255;
      opacity += share;
    }
    const to = start + x * 4;
    across[to] = red;
    across[to + 1] = green;
    across[to + 2] = blue;
    across[to + 3] = opacity;
  });
}

/** For each of `to` positions which of `from` values take part, from `first` on, with weights that add up to 1. */
function triangleWeights(from: number, to: number): { first: number; weights: Float64Array }[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.ceil(centre - reach));
    const last = Math.min(from - 1, Math.floor(centre + reach));
    const raw = Array.from({ length: last - first + 1 }, (_k, k) => 1 - Math.abs(first + k - centre) / reach);
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: Float64Array.from(raw, (weight) => weight / total) };
  });
}

/** The values of one pixel in an image of `channels` channels, 0 to 255: grey by the weights of ITU-R BT.601. */
export function channelsOf(picture: Picture, pixel: number, channels: number): number[] {
  const [red = 0, green = 0, blue = 0] = picture.pixels.subarray(4 * pixel, 4 * pixel + 3);
  return channels === 3
    ? [red, green, blue]
    : Array.from({ length: channels }, () => 0.299 * red + 0.587 * green + 0.114 * blue);
}
