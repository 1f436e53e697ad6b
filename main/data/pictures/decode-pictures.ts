import { ownProcessors } from '../../tensor/threads/processors.ts';
import { setImmediate } from 'node:timers/promises';
import { CupbearerError } from '../../../shared/errors.ts';
import { AnsweringThread, answersInOrder, startThreads } from '../threads/answering-thread.ts';
import { withPicture, type DecodingOptions } from './decode-picture.ts';
import { channelsOf, cropped, makeOpaque, scaled, type Picture, type Region } from './picture.ts';
import { PixelRoom } from './pixel-room.ts';

/** A picture on disk with its class, counted from 0. */
export interface PictureFile {
  path: string;
  label: number;
  /** The part to take; the whole unless given. */
  region?: Region;
}

/** What pictures are made into: `[size, size, 3 or 1]`. */
export interface PictureForm {
  /** Side that every picture is scaled to, in pixels. */
  size: number;
  colour: boolean;
  /** The shorter side before the middle is cut out; both sides are scaled to `size` unless given. */
  cropFrom?: number;
  /** Whether pictures are turned as their EXIF data say; a region lies in the turned picture then. */
  upright?: boolean;
}

/** What a thread that decodes is started with. */
export interface PictureThreadData {
  form: PictureForm;
  /** Of the {@link PixelRoom} that it shares with others. */
  room: Int32Array<SharedArrayBuffer>;
}

/** Pictures decoded together: the pixels of those that could be, one behind the other, and the places of the others. */
export interface DecodedBlock {
  pixels: Uint8Array<ArrayBuffer>;
  undecodable: number[];
}

/** Most pictures per block, fewer if they are large; two blocks wait for each thread. */
const mostPictures = 16;
const mostBytes = 2 ** 21;
/**
 * Pictures decoded by the reader itself to measure whether threads pay: they do if all the others take this long.
 */
const measured = 32;
const leastMs = 1500;
/** More threads than this wait for one another's memory. */
const mostThreads = 8;

/** Values of one picture. */
export function valuesOf({ size, colour }: PictureForm): number {
  return size * size * (colour ? 3 : 1);
}

/**
 * Reads and decodes pictures, block by block in their order, on threads if that pays (`threads` fixes how many); the
 * bytes do not depend on it.
 * @throws CupbearerError naming the file: `not-found` if it is gone, `bad-data` if it does not hold its region.
 */
export async function* decodedPictures(
  files: readonly PictureFile[],
  form: PictureForm,
  options: { threads?: number } = {},
): AsyncGenerator<DecodedBlock & { files: readonly PictureFile[] }> {
  const threads: AnsweringThread<readonly PictureFile[], DecodedBlock>[] = [];
  const room = new PixelRoom();
  const threadData: PictureThreadData = { form, room: room.shared };
  const start = (count: number) =>
    startThreads(
      threads,
      count,
      () => new AnsweringThread(new URL('./picture-worker.ts', import.meta.url), threadData),
    );
  let starting = options.threads === undefined ? undefined : start(options.threads);
  await starting;
  const began = performance.now();
  let done = 0;
  try {
    const blocks = blocksOf(files, form);
    const here = (block: readonly PictureFile[]) => decodeBlock(block, form, room);
    for await (const { question, answer } of answersInOrder(blocks, threads, here)) {
      yield { ...answer, files: question };
      // Messages have their turn.
      await setImmediate();
      done += question.length;
      if (starting === undefined && done >= measured) {
        const left = ((performance.now() - began) / done) * (files.length - done);
        starting = left < leastMs ? Promise.resolve() : start(Math.min(ownProcessors(), mostThreads));
      }
    }
  } finally {
    await starting;
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

function* blocksOf(files: readonly PictureFile[], form: PictureForm): Generator<readonly PictureFile[]> {
  const count = Math.max(1, Math.min(mostPictures, Math.floor(mostBytes / valuesOf(form))));
  for (let at = 0; at < files.length; at += count) yield files.slice(at, at + count);
}

/** Reads, decodes and scales some pictures. @throws CupbearerError as {@link decodedPictures}. */
export async function decodeBlock(
  files: readonly PictureFile[],
  form: PictureForm,
  room: PixelRoom,
): Promise<DecodedBlock> {
  const size = valuesOf(form);
  const pixels = new Uint8Array(files.length * size);
  const undecodable: number[] = [];
  for (const [place, file] of files.entries()) {
    const at = (place - undecodable.length) * size;
    const decoded = await ifDecodable(file, { upright: form.upright ?? false, room }, (picture) => {
      // As Pillow's convert('RGB'), which torchvision calls on every picture.
      makeOpaque(picture);
      if (holdsRegion(picture, file)) writePixels(sized(picture, form, file.region), form, pixels, at);
      return { width: picture.width, height: picture.height };
    });
    if (!decoded) undecodable.push(place);
    else if (!holdsRegion(decoded, file)) throw outsideRegion(decoded, file);
  }
  return { pixels: pixels.subarray(0, (files.length - undecodable.length) * size), undecodable };
}

function sized(picture: Picture, { size, cropFrom }: PictureForm, region: Region | undefined): Picture {
  return cropFrom === undefined ? scaled(picture, size, size, region) : cropped(picture, size, cropFrom, region);
}

/** What `use` returns for the decoded picture; undefined if it cannot be decoded. */
async function ifDecodable<T>(
  { path }: PictureFile,
  options: DecodingOptions,
  use: (picture: Picture) => T,
): Promise<T | undefined> {
  try {
    return await withPicture(path, use, options);
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    if (error.code === 'not-found') {
      throw new CupbearerError(
        'not-found',
        `${path} was there a moment ago and is gone: its folder was moved, renamed or removed while it was read.`,
        {
          hint: 'Put it back, and start again.',
          cause: error,
        },
      );
    }
    if (error.code !== 'bad-data') throw error;
    return undefined;
  }
}

type Size = Pick<Picture, 'width' | 'height'>;

function holdsRegion({ width, height }: Size, { region }: PictureFile): boolean {
  return !region || (region.x + region.width <= width && region.y + region.height <= height);
}

function outsideRegion({ width, height }: Size, { path, region }: PictureFile): CupbearerError {
  const { x, y, ...wanted } = region!;
  return new CupbearerError(
    'bad-data',
    `${path}: expected a picture that holds the region from (${x}, ${y}) of ${wanted.width} x ${wanted.height} pixels, found one of ${width} x ${height}.`,
  );
}

function writePixels(picture: Picture, { colour }: PictureForm, pixels: Uint8Array, at: number): void {
  const channels = colour ? 3 : 1;
  const count = picture.width * picture.height;
  for (let pixel = 0; pixel < count; pixel++) {
    const values = channelsOf(picture, pixel, channels);
    for (let c = 0; c < channels; c++) pixels[at + pixel * channels + c] = Math.round(values[c]!);
  }
}
