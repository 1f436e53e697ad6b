import { setImmediate } from 'node:timers/promises';
import { CupbearerError } from '../../shared/errors.ts';
import { readFileBytes } from '../storage/read-file.ts';
import { checkNotCancelled } from './cancellation.ts';
import type { Dataset, DatasetContext } from './dataset.ts';
import { fingerprint } from './fingerprint.ts';
import { imageDataset } from './image-dataset.ts';
import { channelsOf, decodePicture, scaled, type Picture, type Region } from './readers/picture.ts';

/** A picture on disk with its class, counted from 0. */
export interface PictureFile {
  path: string;
  label: number;
  /** The part to take; the whole unless given. */
  region?: Region;
}

export interface PictureOptions {
  /** Side that every picture is scaled to, in pixels. */
  size: number;
  colour: boolean;
  /** Largest share, 0 to 1, of pictures that may turn out to be undecodable. */
  undecodableShare: number;
}

/** How many names an error or warning lists. */
const namedFiles = 5;

/**
 * Reads, scales and keeps pictures as a dataset `[size, size, 3 or 1]`. Those that cannot be decoded are left out, and
 * counted and named in a warning. @throws CupbearerError `bad-data` where they are more than `undecodableShare` of all.
 */
export async function pictureDataset(
  name: string,
  files: readonly PictureFile[],
  classes: readonly string[],
  { size, colour, undecodableShare }: PictureOptions,
  context: DatasetContext,
): Promise<Dataset> {
  const channels = colour ? 3 : 1;
  const imageSize = size * size * channels;
  const pixels = new Uint8Array(files.length * imageSize);
  const labels = new Uint16Array(files.length);
  const undecodable: string[] = [];
  let kept = 0;
  for (const [done, file] of files.entries()) {
    checkNotCancelled(context.signal, `Loading ${name}`);
    const picture = await decodable(file, undecodable);
    if (picture) {
      checkRegion(picture, file);
      writePixels(scaled(picture, size, size, file.region), channels, pixels, kept * imageSize);
      labels[kept++] = file.label;
    }
    context.progress?.(done + 1, files.length);
    if (done % 64 === 63) await setImmediate();
  }
  judge(name, undecodable, files.length, undecodableShare, context);
  const [keptPixels, keptLabels] = [pixels.subarray(0, kept * imageSize), labels.subarray(0, kept)];
  return imageDataset(
    { shape: [size, size, channels], classes, pixels: keptPixels, labels: keptLabels },
    fingerprint(name, classes, keptPixels, new Uint8Array(keptLabels.buffer, 0, keptLabels.byteLength)),
  );
}

async function decodable({ path }: PictureFile, undecodable: string[]): Promise<Picture | undefined> {
  try {
    return await decodePicture(readFileBytes(path), path);
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
    undecodable.push(path);
    return undefined;
  }
}

function checkRegion({ width, height }: Picture, { path, region }: PictureFile): void {
  if (!region || (region.x + region.width <= width && region.y + region.height <= height)) return;
  throw new CupbearerError(
    'bad-data',
    `${path}: expected a picture that holds the region from (${region.x}, ${region.y}) of ${region.width} x ${region.height} pixels, found one of ${width} x ${height}.`,
  );
}

function writePixels(picture: Picture, channels: number, pixels: Uint8Array, at: number): void {
  const count = picture.width * picture.height;
  for (let pixel = 0; pixel < count; pixel++) {
    const values = channelsOf(picture, pixel, channels);
    for (let c = 0; c < channels; c++) pixels[at + pixel * channels + c] = Math.round(values[c]!);
  }
}

function judge(name: string, undecodable: readonly string[], total: number, share: number, context: DatasetContext) {
  if (undecodable.length === 0) return;
  const more = undecodable.length > namedFiles ? `, and ${undecodable.length - namedFiles} more` : '';
  const sentence = `${undecodable.length} of ${total} pictures of ${name} cannot be decoded: ${undecodable.slice(0, namedFiles).join(', ')}${more}.`;
  if (undecodable.length > share * total) {
    throw new CupbearerError('bad-data', `${sentence} At most ${(100 * share).toFixed(1)} % may be left out.`, {
      hint: 'Repair or remove these files, or raise the parameter undecodable_share.',
      details: { undecodable: undecodable.slice(0, 100) },
    });
  }
  context.warn?.(`${sentence} They are left out.`);
}
