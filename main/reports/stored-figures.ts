import { CupbearerError } from '../../shared/errors.ts';
import { readFileBytes, readTextFile } from '../storage/read-file.ts';
import { entriesWithin, isThere, pathOf, within, type Within } from '../storage/within-folder.ts';
import { drawnSvg, type DrawnSvg } from './drawn-svg.ts';

/** A figure of thousands of points has a hundredth of it. */
const mostBytes = 2 ** 26;
/** What every reader of a report can decode. */
const mostPixels = 2 ** 26;

const pngStart = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52];

const placeOf = (folder: string, file: string) => within(folder, 'figures', file);

/** Returns whether the run in `folder` has a figure of this file name. */
export function hasFigure(folder: string, file: string): boolean {
  return isThere(placeOf(folder, file));
}

/**
 * Returns the file names of the figures in the folder of a run.
 * @throws CupbearerError `bad-data` if they lie outside of it, `storage`.
 */
export function figureFileNames(folder: string): string[] {
  return entriesWithin(within(folder, 'figures')).map(({ name }) => name);
}

/** Returns the sentence of why a figure was left out, by its file name. */
export function leftOutFigure(file: string, error: unknown): string {
  if (error instanceof CupbearerError) return `${file}: ${error.message}`;
  throw error;
}

/**
 * Returns a figure of the run in `folder`.
 * @throws CupbearerError `not-found`, `storage`, `bad-data` for what this program cannot have drawn: it might do more
 * in a page than be looked at.
 */
export function readSvgFigure(folder: string, file: string): DrawnSvg {
  const place = placeOf(folder, file);
  const figure = drawnSvg(readTextFile(place, mostBytes));
  if (figure) return figure;
  throw notAFigure(place, 'a figure that Cupbearer has drawn');
}

/**
 * Returns a picture of the run in `folder`.
 * @throws CupbearerError `not-found`, `storage`, `bad-data` for what is not a PNG or has more pixels than can be shown.
 */
export function readPngFigure(folder: string, file: string): Uint8Array {
  const place = placeOf(folder, file);
  const bytes = readFileBytes(place, mostBytes);
  if (bytes.length < 24 || pngStart.some((byte, i) => bytes[i] !== byte)) throw notAFigure(place, 'a PNG picture');
  const header = new DataView(bytes.buffer, bytes.byteOffset + 16, 8);
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  if (width * height <= mostPixels) return bytes;
  throw notAFigure(place, `a PNG picture of at most ${mostPixels} pixels`);
}

function notAFigure(place: Within, expected: string): CupbearerError {
  return new CupbearerError('bad-data', `"${pathOf(place)}": expected ${expected}, found something else.`, {
    hint: 'Remove the file to have the figure redrawn.',
  });
}
