import { RandomStream } from '../tensor/random.ts';
import type { Dataset } from './dataset.ts';
import { fingerprint } from './fingerprint.ts';

/** Which random changes are made to an image, and how likely each is. */
export interface AugmentationSpec {
  /** Zero padding on each side, in pixels, before a crop of the original size at a random place. */
  readonly cropPadding: number;
  readonly cropProbability: number;
  /** Largest angle in degrees, either way. */
  readonly rotationDegrees: number;
  readonly rotationProbability: number;
  readonly flipProbability: number;
}

/** The default for digits and other images in which left and right matter. */
export const defaultAugmentation: AugmentationSpec = {
  cropPadding: 5,
  cropProbability: 0.8,
  rotationDegrees: 10,
  rotationProbability: 0.5,
  flipProbability: 0,
};

/** The default for natural images: with horizontal flips. */
export const naturalImageAugmentation: AugmentationSpec = { ...defaultAugmentation, flipProbability: 0.5 };

/** A dataset with random changes, and the one that it changes. */
export interface AugmentedDataset extends Dataset {
  readonly unaugmented: Dataset;
}

/** The dataset beneath the augmentations; the dataset itself where it has none. */
export function withoutAugmentations(dataset: Dataset): Dataset {
  return 'unaugmented' in dataset ? (dataset as AugmentedDataset).unaugmented : dataset;
}

/**
 * Random crop, rotation and horizontal flip, in this order, each sample's draws from (seed, epoch, index).
 *
 * Follows the seed library's defaults with two departures. Its crop draws offsets of 0 to padding - 1 out of a range of
 * 0 to 2 * padding and so only moves images down and right; ours are uniform over the whole range, hence centred. Its
 * rotation takes the nearest pixel, which tears thin strokes of 28x28 digits; ours interpolates bilinearly (zero outside).
 */
export function augmented(dataset: Dataset, spec: AugmentationSpec, seed: number): AugmentedDataset {
  const [height, width, channels] = dataset.shape as [number, number, number];
  const size = height * width * channels;
  const root = RandomStream.from(seed, 'augmentation');
  const scratch = new Float32Array(size);
  return {
    shape: dataset.shape,
    classes: dataset.classes,
    length: dataset.length,
    unaugmented: dataset,
    fingerprint: fingerprint('augmented', dataset.fingerprint, spec, seed),
    read(indices, epoch) {
      const batch = dataset.read(indices, epoch);
      const { inputs } = batch;
      for (let i = 0; i < batch.size; i++) {
        const stream = root.derive(epoch, indices[i]!);
        const at = i * size;
        if (stream.uniform() < spec.cropProbability) {
          const down = stream.integer(2 * spec.cropPadding + 1) - spec.cropPadding;
          const right = stream.integer(2 * spec.cropPadding + 1) - spec.cropPadding;
          shift(inputs, at, height, width, channels, down, right);
        }
        if (stream.uniform() < spec.rotationProbability) {
          const degrees = (2 * stream.uniform() - 1) * spec.rotationDegrees;
          rotate(inputs, at, height, width, channels, degrees, scratch);
        }
        if (stream.uniform() < spec.flipProbability) flip(inputs, at, height, width, channels);
      }
      return batch;
    },
  };
}

/** Moves one image `[height, width, channels]` at `at` in place; what comes in from outside is zero. */
export function shift(
  pixels: Float32Array,
  at: number,
  height: number,
  width: number,
  channels: number,
  down: number,
  right: number,
): void {
  const row = width * channels;
  const kept = Math.max(0, row - Math.abs(right) * channels);
  const toColumn = Math.max(0, right) * channels;
  const fromColumn = Math.max(0, -right) * channels;
  // Rows are taken in the order in which none is overwritten before it was moved.
  for (let k = 0; k < height; k++) {
    const y = down > 0 ? height - 1 - k : k;
    const start = at + y * row;
    const source = y - down;
    if (source < 0 || source >= height || kept === 0) {
      pixels.fill(0, start, start + row);
      continue;
    }
    const from = at + source * row + fromColumn;
    pixels.copyWithin(start + toColumn, from, from + kept);
    pixels.fill(0, start, start + toColumn);
    pixels.fill(0, start + toColumn + kept, start + row);
  }
}

/**
 * Turns one image `[height, width, channels]` at `at` in place about its centre, anticlockwise for positive angles, with
 * bilinear interpolation and zero outside. `scratch` holds at least one image.
 */
export function rotate(
  pixels: Float32Array,
  at: number,
  height: number,
  width: number,
  channels: number,
  degrees: number,
  scratch: Float32Array,
): void {
  const row = width * channels;
  scratch.set(pixels.subarray(at, at + height * row));
  const angle = (degrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const centreX = (width - 1) / 2;
  const centreY = (height - 1) / 2;
  for (let y = 0; y < height; y++) {
    // Where output pixel (0, y) comes from; one step right in the output moves (cos, sin) in the source.
    let sourceX = cos * -centreX - sin * (y - centreY) + centreX;
    let sourceY = sin * -centreX + cos * (y - centreY) + centreY;
    let to = at + y * row;
    for (let x = 0; x < width; x++, sourceX += cos, sourceY += sin) {
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      if (left < -1 || top < -1 || left >= width || top >= height) {
        for (let c = 0; c < channels; c++) pixels[to++] = 0;
        continue;
      }
      const fx = sourceX - left;
      const fy = sourceY - top;
      const topLeft = top * row + left * channels;
      const hasTop = top >= 0;
      const hasBottom = top < height - 1;
      const hasLeft = left >= 0;
      const hasRight = left < width - 1;
      for (let c = 0; c < channels; c++) {
        const p = topLeft + c;
        const a = hasTop && hasLeft ? scratch[p]! : 0;
        const b = hasTop && hasRight ? scratch[p + channels]! : 0;
        const d = hasBottom && hasLeft ? scratch[p + row]! : 0;
        const e = hasBottom && hasRight ? scratch[p + row + channels]! : 0;
        const upper = a + (b - a) * fx;
        pixels[to++] = upper + (d + (e - d) * fx - upper) * fy;
      }
    }
  }
}

/** Mirrors one image `[height, width, channels]` at `at` in place, left to right. */
export function flip(pixels: Float32Array, at: number, height: number, width: number, channels: number): void {
  for (let y = 0; y < height; y++) {
    for (let left = 0, right = width - 1; left < right; left++, right--) {
      let a = at + (y * width + left) * channels;
      let b = at + (y * width + right) * channels;
      for (let c = 0; c < channels; c++, a++, b++) {
        const kept = pixels[a]!;
        pixels[a] = pixels[b]!;
        pixels[b] = kept;
      }
    }
  }
}
