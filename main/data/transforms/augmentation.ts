import { z } from 'zod';
import { RandomStream } from '../../tensor/random.ts';
import type { Dataset } from '../dataset.ts';
import { plain } from './parameters.ts';
import { defineTransform, type Transform } from './transform.ts';

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

const augmentationSchema = z.object({
  cropPadding: z.number(),
  cropProbability: z.number(),
  rotationDegrees: z.number(),
  rotationProbability: z.number(),
  flipProbability: z.number(),
});

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
interface AugmentedDataset extends Dataset {
  readonly unaugmented: Dataset;
  /** The same random changes on another dataset of the same shape. */
  onto(dataset: Dataset): AugmentedDataset;
}

/** Whether a dataset has random changes. */
export function isAugmented(dataset: Dataset): dataset is AugmentedDataset {
  return 'unaugmented' in dataset;
}

/** The dataset beneath the augmentations; the dataset itself if it has none. */
export function withoutAugmentations(dataset: Dataset): Dataset {
  return isAugmented(dataset) ? dataset.unaugmented : dataset;
}

/**
 * Random crop, rotation and horizontal flip, in this order, each sample's draws from (seed, epoch, index).
 *
 * Follows the seed library's defaults with two departures. Its crop draws offsets of 0 to padding - 1 out of a range of
 * 0 to 2 * padding and so only moves images down and right; ours are uniform over the whole range, hence centred. Its
 * rotation takes the nearest pixel, which tears thin strokes of 28x28 digits; ours interpolates bilinearly (zero
 * outside).
 */
export const augmented: Transform<[spec: AugmentationSpec, seed: number], AugmentedDataset> = defineTransform({
  kind: 'augmented',
  parameters: [plain(augmentationSchema), plain(z.number())],
  make(dataset, spec: AugmentationSpec, seed: number) {
    const [height, width, channels] = dataset.shape as [number, number, number];
    const size = height * width * channels;
    const root = RandomStream.from(seed, 'augmentation');
    const canvas = rotationCanvas(height, width, channels);
    return {
      unaugmented: dataset,
      originals: () => dataset.originals?.() ?? dataset,
      onto: (other: Dataset) => augmented(other, spec, seed),
      change({ inputs, size: count }, indices, epoch) {
        for (let i = 0; i < count; i++) {
          const stream = root.derive(epoch, indices[i]!);
          const at = i * size;
          if (stream.uniform() < spec.cropProbability) {
            const down = stream.integer(2 * spec.cropPadding + 1) - spec.cropPadding;
            const right = stream.integer(2 * spec.cropPadding + 1) - spec.cropPadding;
            shift(inputs, at, height, width, channels, down, right);
          }
          if (stream.uniform() < spec.rotationProbability) {
            const degrees = (2 * stream.uniform() - 1) * spec.rotationDegrees;
            rotate(inputs, at, height, width, channels, degrees, canvas);
          }
          if (stream.uniform() < spec.flipProbability) flip(inputs, at, height, width, channels);
        }
      },
    };
  },
});

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
  const end = at + height * row;
  if (Math.abs(down) >= height || Math.abs(right) >= width) {
    pixels.fill(0, at, end);
    return;
  }
  // One move of the whole block; what it carries over the left or right border lands where zeros belong anyway.
  const offset = down * row + right * channels;
  if (offset > 0) pixels.copyWithin(at + offset, at, end - offset);
  else pixels.copyWithin(at, at - offset, end);
  if (down > 0) pixels.fill(0, at, at + down * row);
  else pixels.fill(0, end + down * row, end);
  const firstEmpty = right > 0 ? 0 : row + right * channels;
  const emptyCount = Math.abs(right) * channels;
  for (let start = at + firstEmpty; start < end; start += row) {
    for (let k = 0; k < emptyCount; k++) pixels[start + k] = 0;
  }
}

/** Room for one image with a border of zeros, so wide that no rotation about the centre reaches beyond it. */
interface RotationCanvas {
  readonly pixels: Float32Array;
  readonly border: number;
  readonly row: number;
}

/** The canvas for rotating images `[height, width, channels]`. */
export function rotationCanvas(height: number, width: number, channels: number): RotationCanvas {
  // A corner moves out to the circle about the image at most; one more pixel is for interpolation, one for rounding.
  const border = Math.ceil((Math.sqrt(height * height + width * width) - Math.min(height, width)) / 2) + 2;
  const row = (width + 2 * border) * channels;
  return { pixels: new Float32Array((height + 2 * border) * row), border, row };
}

/**
 * Turns one image `[height, width, channels]` at `at` in place about its centre, anticlockwise for positive angles,
 * with bilinear interpolation and zero outside. `canvas` is that of {@link rotationCanvas} for the same shape.
 */
export function rotate(
  pixels: Float32Array,
  at: number,
  height: number,
  width: number,
  channels: number,
  degrees: number,
  canvas: RotationCanvas,
): void {
  const { pixels: source, border, row } = canvas;
  const imageRow = width * channels;
  for (let y = 0; y < height; y++) {
    const from = at + y * imageRow;
    const to = (y + border) * row + border * channels;
    for (let k = 0; k < imageRow; k++) source[to + k] = pixels[from + k]!;
  }
  const angle = (degrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const centreX = (width - 1) / 2;
  const centreY = (height - 1) / 2;
  let to = at;
  for (let y = 0; y < height; y++) {
    // Where output pixel (0, y) comes from on the canvas; one step right in the output moves (cos, sin) there.
    const startX = -cos * centreX - sin * (y - centreY) + centreX + border;
    const startY = -sin * centreX + cos * (y - centreY) + centreY + border;
    for (let x = 0; x < width; x++) {
      const sourceX = startX + x * cos;
      const sourceY = startY + x * sin;
      // Positive thanks to the border, so that cutting off decimals rounds down.
      const left = sourceX | 0;
      const top = sourceY | 0;
      const fx = sourceX - left;
      const fy = sourceY - top;
      let p = top * row + left * channels;
      for (let c = 0; c < channels; c++, p++, to++) {
        const a = source[p]!;
        const b = source[p + row]!;
        const upper = a + (source[p + channels]! - a) * fx;
        const lower = b + (source[p + row + channels]! - b) * fx;
        pixels[to] = upper + (lower - upper) * fy;
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
