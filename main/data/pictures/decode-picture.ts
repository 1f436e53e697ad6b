import { createCanvas, loadImage, type Image } from '@napi-rs/canvas';
import { CupbearerError } from '../../../shared/errors.ts';
import { readFileBytes, readFileStart } from '../../storage/read-file.ts';
import { requireDataReach } from '../data-reach.ts';
import { orientationIn, turned, type OrientationData } from './exif.ts';
import { wholeJpeg } from './jpeg.ts';
import { cutOff, notPicture } from './not-picture.ts';
import type { Picture } from './picture.ts';
import { mostPictureBytes, parsePictureHeader, type PictureHeader } from './picture-header.ts';
import type { PixelRoom } from './pixel-room.ts';
import { decodePng, orientationInPng } from './png.ts';
import { decodeNetpbm } from './netpbm.ts';
import { release } from './release.ts';

/** How a picture is decoded. */
export interface DecodingOptions {
  /** Turned as its EXIF data say; as it is stored unless given. */
  upright?: boolean;
  /** Bounds how many pixels there are at once. */
  room?: PixelRoom;
}

/**
 * Most pixels of a JPEG times the passes over them: a progressive one of a few kilobytes may ask for thousands of
 * passes. The usual ten leave room for any picture.
 */
const mostPassedPixels = 2 ** 31;

/**
 * Resolves with what `use` returns for the decoded picture in a file, whose pixels are released then.
 * @throws CupbearerError as {@link decodePicture}; `not-found`, `storage`; what `use` throws.
 */
export async function withPicture<T>(
  path: string,
  use: (picture: Picture) => T,
  { upright = false, room }: DecodingOptions = {},
): Promise<T> {
  const { header, whole } = readStart(path);
  const count = header.width * header.height;
  await room?.take(count);
  try {
    // A large file is read when its turn has come: those that wait are not to fill the memory either.
    const { pixels, ...size } = await decodePicture(whole ?? readFileBytes(path, mostPictureBytes), path, upright);
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

/**
 * Returns format and size of the picture in a file. @throws CupbearerError as {@link parsePictureHeader}; `not-found`,
 * `storage`.
 */
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

/**
 * Decodes PNG, JPEG, PPM, PGM or PBM to the values that the file stores: no colour profile, gamma or opacity changes a colour,
 * and EXIF turns a picture only if it is to be `upright`. Of a PNG that moves, the still image.
 * @throws CupbearerError `bad-data` naming `file` if it is none of these, damaged, cut off or too large.
 */
export async function decodePicture(bytes: Uint8Array, file: string, upright = false): Promise<Picture> {
  const header = wholeHeader(bytes, file);
  if (header.format === 'PNG') {
    const picture = decodePng(bytes, header, file);
    return upright ? uprightOf(picture, orientationInPng(bytes)) : picture;
  }
  if (header.format !== 'JPEG') return decodeNetpbm(bytes, file);
  const { picture, orientation } = await decodeJpeg(bytes, header, file);
  return upright ? uprightOf(picture, orientation) : picture;
}

function uprightOf(picture: Picture, orientation: OrientationData): Picture {
  const upright = turned(picture, orientationIn(orientation));
  if (upright !== picture) release(picture.pixels);
  return upright;
}

/** @throws CupbearerError `bad-data` if the file ends within its header. */
function wholeHeader(bytes: Uint8Array, file: string): PictureHeader {
  const header = parsePictureHeader(bytes, file);
  if (header) return header;
  throw cutOff(file);
}

/** Pictures are looked at for colours at this size at most, which takes a third of the memory of all their pixels. */
const coloursSide = 256;

/**
 * Returns whether a picture file has a pixel that is not grey, where larger ones count as scaled to 256 pixels along a
 * side.
 * @throws CupbearerError as {@link decodePicture}; `not-found`, `storage`.
 */
export async function showsColours(path: string): Promise<boolean> {
  requireDataReach(path);
  const bytes = readFileBytes(path, mostPictureBytes);
  const header = wholeHeader(bytes, path);
  if (header.isGrey) return false;
  const { pixels } =
    header.format === 'JPEG'
      ? (await decodeJpeg(bytes, header, path, coloursSide)).picture
      : await decodePicture(bytes, path);
  try {
    for (let at = 0; at < pixels.length; at += 4) {
      if (pixels[at] !== pixels[at + 1] || pixels[at] !== pixels[at + 2]) return true;
    }
    return false;
  } finally {
    release(pixels);
  }
}

/**
 * Decodes a JPEG, scaled down by the canvas' own filter where a side is longer than `mostSide`. The canvas sees no EXIF
 * data and no colour profile, by which it would turn the picture and change its colours.
 */
async function decodeJpeg(
  bytes: Uint8Array,
  header: PictureHeader,
  file: string,
  mostSide = Infinity,
): Promise<{ picture: Picture; orientation: OrientationData }> {
  checkPasses(bytes, header, file);
  const { bare, orientation } = wholeJpeg(bytes, header, file);
  try {
    const image = await loadImage(Buffer.from(bare.buffer, bare.byteOffset, bare.byteLength));
    try {
      checkAsSaid(image, header, file);
      return { picture: drawnPixels(image, Math.min(1, mostSide / Math.max(image.width, image.height))), orientation };
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

/** What is decoded has the size that was checked. */
function checkAsSaid({ width, height }: Image, header: PictureHeader, file: string): void {
  if (width === header.width && height === header.height) return;
  throw notPicture(file, `found one of ${width} x ${height} pixels that says ${header.width} x ${header.height}`);
}
