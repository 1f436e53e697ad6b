import { CupbearerError } from '../../../shared/errors.ts';
import { ByteFile } from '../../storage/byte-file.ts';
import { checkNotCancelled } from '../cancellation.ts';
import type { Dataset, DatasetContext } from '../dataset.ts';
import { decodedPictures, valuesOf, type PictureFile, type PictureForm } from './decode-pictures.ts';
import { fingerprint } from '../fingerprint.ts';
import { imageDataset } from '../image-dataset.ts';

export interface PictureOptions extends PictureForm {
  /** Largest share, 0 to 1, of pictures that may turn out to be undecodable. */
  undecodableShare: number;
  /** Bytes of pixels that are kept in memory; more than that go into a file. */
  mostInMemory?: number;
  /** How many threads decode; measured unless given. */
  threads?: number;
  /** What is known already to be left out. */
  notes?: readonly string[];
}

/** Twice what GTSRB takes: what is larger would leave a laptop little memory for the work. */
const usualMostInMemory = 2 ** 28;
/** How many names an error or warning lists. */
const namedFiles = 5;

/**
 * Reads, scales and keeps pictures as a dataset `[size, size, 3 or 1]`: in memory, or in a file where they are too many
 * for it. Those that cannot be decoded are left out, and counted and named in a note.
 * @throws CupbearerError `bad-data` if they are more than `undecodableShare` of all; as {@link decodedPictures};
 * `storage`.
 */
export async function pictureDataset(
  name: string,
  files: readonly PictureFile[],
  classes: readonly string[],
  options: PictureOptions,
  context: DatasetContext,
): Promise<Dataset> {
  const { size, colour, undecodableShare, mostInMemory = usualMostInMemory } = options;
  const bytes = files.length * valuesOf(options);
  const kept = bytes > mostInMemory ? ByteFile.create() : new PixelMemory(bytes);
  const labels = new Uint16Array(files.length);
  const undecodable: string[] = [];
  let done = 0;
  for await (const block of decodedPictures(files, options, options)) {
    checkNotCancelled(context.signal, `Loading ${name}`);
    kept.append(block.pixels);
    block.files.forEach(({ path, label }, place) => {
      if (block.undecodable.includes(place)) undecodable.push(path);
      else labels[done - undecodable.length] = label;
      done++;
    });
    context.progress?.(done, files.length);
  }
  const damaged = judge(name, undecodable, files.length, undecodableShare);
  const notes = [...(options.notes ?? []), ...(damaged === undefined ? [] : [damaged])];
  const pixels = kept instanceof ByteFile ? kept : kept.pixels;
  const keptLabels = labels.subarray(0, files.length - undecodable.length);
  checkClasses(name, files, keptLabels, classes);
  const images = imageDataset(
    { shape: [size, size, colour ? 3 : 1], classes, pixels, labels: keptLabels },
    fingerprint(name, classes, pixels, new Uint8Array(keptLabels.buffer, 0, keptLabels.byteLength)),
  );
  return notes.length === 0 ? images : { ...images, notes };
}

/** Pixels in memory that threads share, room for `capacity` bytes. */
class PixelMemory {
  readonly #all: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#all = new Uint8Array(new SharedArrayBuffer(capacity));
  }

  append(bytes: Uint8Array): void {
    this.#all.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  get pixels(): Uint8Array {
    return this.#all.subarray(0, this.#length);
  }
}

/** @throws CupbearerError `bad-data` if all pictures of a class are damaged. */
function checkClasses(
  name: string,
  files: readonly PictureFile[],
  kept: Uint16Array,
  classes: readonly string[],
): void {
  const left = new Set(kept);
  const lost = files.find(({ label }) => !left.has(label));
  if (!lost) return;
  throw new CupbearerError('bad-data', `No picture of the class "${classes[lost.label]}" of ${name} can be decoded.`, {
    hint: 'Repair its pictures, or remove the class.',
  });
}

/** Returns a sentence about pictures that were left out. @throws CupbearerError `bad-data` if they are too many. */
function judge(name: string, undecodable: readonly string[], total: number, share: number): string | undefined {
  if (undecodable.length === 0) return undefined;
  const more = undecodable.length > namedFiles ? `, and ${undecodable.length - namedFiles} more` : '';
  const sentence = `${undecodable.length} of ${total} pictures of ${name} cannot be decoded: ${undecodable.slice(0, namedFiles).join(', ')}${more}.`;
  const isNoneLeft = undecodable.length === total;
  if (undecodable.length > share * total || isNoneLeft) {
    const bound = isNoneLeft ? 'No picture is left.' : `At most ${(100 * share).toFixed(1)} % may be left out.`;
    throw new CupbearerError('bad-data', `${sentence} ${bound}`, {
      hint: `Repair or remove these files${isNoneLeft ? '' : ', or let more of them be left out'}.`,
      details: { undecodable: undecodable.slice(0, 100) },
    });
  }
  return `${sentence} They are left out.`;
}
