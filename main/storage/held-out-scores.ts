import { CupbearerError } from '../../shared/errors.ts';
import { writeFileAtomically } from './atomic-write.ts';
import { encodeNpy, parseNpy } from './npy.ts';
import { readFileBytes } from './read-file.ts';
import { isThere, pathOf, within } from './within-folder.ts';

const name = 'held_out_scores.npy';
/** Far more than are ever held out: a folder from elsewhere must not fill the memory. */
const mostBytes = 2 ** 24;

/** Writes the aggregate scores `[n]` of trusted samples that a run's detector was not fitted on. @throws CupbearerError `storage`. */
export function writeHeldOutScores(folder: string, scores: Float32Array): void {
  writeFileAtomically(within(folder, name), encodeNpy({ shape: [scores.length], data: scores }));
}

/** Returns what {@link writeHeldOutScores} wrote; null where it wrote nothing. @throws CupbearerError `bad-data`, `storage`. */
export function readHeldOutScores(folder: string): Float32Array | null {
  const place = within(folder, name);
  if (!isThere(place)) return null;
  const { shape, data } = parseNpy(readFileBytes(place, mostBytes), pathOf(place));
  if (data instanceof Float32Array && shape.length === 1 && data.every(Number.isFinite)) return data;
  throw new CupbearerError('bad-data', `"${pathOf(place)}": expected finite scores, Float32Array [n].`);
}
