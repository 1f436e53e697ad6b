import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { ByteFile } from '../storage/byte-file.ts';
import { bytePlaceSchema } from './byte-place.ts';
import { countLabels } from './class-counts.ts';
import type { Batch, Dataset, RecipeMaker } from './dataset.ts';

/** Images of 8 bits: `pixels` is `[count, height, width, channels]` row-major, `labels` is `[count]`. */
export interface Images<P extends Uint8Array | ByteFile = Uint8Array> {
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly classes: readonly string[];
  readonly pixels: P;
  readonly labels: Uint8Array | Uint16Array;
  /** Whether nothing else uses the memory of the pixels, so that it may be freed after making a shared copy. */
  readonly isOwn?: boolean;
}

/** The same float32 as dividing by 255 for each of the 256 values, and faster. */
const toUnit = 1 / 255;

/** A dataset that serves 8-bit images as values of 0 to 1 (value / 255). */
export function imageDataset(images: Images<Uint8Array | ByteFile>, fingerprint: string): Dataset {
  const { shape, classes, labels } = images;
  let { pixels } = images;
  const size = shape[0] * shape[1] * shape[2];
  return {
    shape,
    classes,
    length: labels.length,
    memory: labels.byteLength + (pixels instanceof ByteFile ? 0 : pixels.length),
    fingerprint,
    classCounts: () => countLabels(labels, classes.length),
    recipe() {
      if (pixels instanceof ByteFile) {
        return { kind: 'stored-images', args: [{ shape, classes, place: pixels.place, labels }, fingerprint] };
      }
      // Once in shared memory, however many threads read: they would each have a copy otherwise.
      if (!(pixels.buffer instanceof SharedArrayBuffer)) {
        const shared = new Uint8Array(new SharedArrayBuffer(pixels.length));
        shared.set(pixels);
        // At once: garbage of this size is collected seconds later.
        if (images.isOwn) pixels.buffer.transfer(0);
        pixels = shared;
      }
      return { kind: 'images', args: [{ shape, classes, pixels, labels }, fingerprint] };
    },
    read(indices): Batch {
      const inputs = new Float32Array(indices.length * size);
      const batchLabels = new Int32Array(indices.length);
      for (let i = 0; i < indices.length; i++) batchLabels[i] = labels[checkedIndex(indices[i]!, labels.length)]!;
      const isStored = pixels instanceof ByteFile;
      const bytes = pixels instanceof ByteFile ? pixels.rows(indices, size) : pixels;
      for (let i = 0; i < indices.length; i++) {
        const from = (isStored ? i : indices[i]!) * size;
        const to = i * size;
        for (let k = 0; k < size; k++) inputs[to + k] = bytes[from + k]! * toUnit;
      }
      return { inputs, labels: batchLabels, size: indices.length };
    },
  };
}

const imagesSchema = z.object({
  shape: z.tuple([z.number(), z.number(), z.number()]),
  classes: z.array(z.string()),
  labels: z.union([z.instanceof(Uint8Array), z.instanceof(Uint16Array)]),
});
const sharedSchema = z.tuple([imagesSchema.extend({ pixels: z.instanceof(Uint8Array) }), z.string()]);
const storedSchema = z.tuple([imagesSchema.extend({ place: bytePlaceSchema }), z.string()]);

/**
 * How threads make image datasets: of pixels in memory that they share, or in a file that the thread with the dataset
 * keeps open.
 */
export const imageRecipes: readonly RecipeMaker[] = [
  {
    kind: 'images',
    revive: (args) => imageDataset(...sharedSchema.parse(args)),
  },
  {
    kind: 'stored-images',
    revive(args) {
      const [{ place, ...images }, fingerprint] = storedSchema.parse(args);
      return imageDataset({ ...images, pixels: ByteFile.shared(place) }, fingerprint);
    },
  },
];

/** `index` itself. @throws CupbearerError `internal` if it is not a whole number of 0 to length - 1. */
export function checkedIndex(index: number, length: number): number {
  if (index >= 0 && index < length && Number.isInteger(index)) return index;
  throw new CupbearerError('internal', `Expected a sample index of 0 to ${length - 1}, found ${index}.`);
}
