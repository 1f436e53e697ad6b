import { constants, gunzipSync } from 'node:zlib';
import { CupbearerError } from '../../../shared/errors.ts';
import { readFileStart } from '../../storage/read-file.ts';
import { requireDataReach } from '../data-reach.ts';
import { isGzip, storedPlaces } from '../stored-places.ts';

/** A kilobyte of a gzip file may hold a megabyte. */
const mostHeaderBytes = 2 ** 21;
const headerBytes = 16;

/**
 * Returns height and width of the training images of MNIST's file layout in a folder; undefined if there are none to
 * read.
 */
export function idxSides(folder: string): [height: number, width: number] | undefined {
  for (const path of storedPlaces(folder, 'train-images-idx3-ubyte')) {
    const header = headerOf(path);
    if (header === undefined || header.length < headerBytes || header.readUInt32BE() !== 0x0803) continue;
    const [height, width] = [header.readUInt32BE(8), header.readUInt32BE(12)];
    if (height > 0 && width > 0) return [height, width];
  }
  return undefined;
}

/**
 * The first bytes of a file, unpacked; undefined if it cannot be read, which is reported when it is loaded.
 */
function headerOf(path: string): Buffer | undefined {
  try {
    requireDataReach(path);
    const start = readFileStart(path, 1024);
    // The beginning of a deflate stream is enough for the header; the rest is missing on purpose.
    return isGzip(start)
      ? gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: mostHeaderBytes })
      : Buffer.from(start);
  } catch (error) {
    if (error instanceof CupbearerError || (error instanceof Error && 'code' in error)) return undefined;
    throw error;
  }
}
