import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  augmented,
  defaultAugmentation,
  flip,
  naturalImageAugmentation,
  rotate,
  rotationCanvas,
  shift,
  withoutAugmentations,
} from '../../main/data/transforms/augmentation.ts';
import { imageDataset } from '../../main/data/image-dataset.ts';
import { toyDataset, upTo } from './toy-dataset.ts';

const never = { ...defaultAugmentation, cropProbability: 0, rotationProbability: 0 };

describe('shift', () => {
  it('moves a small image as drawn', () => {
    const image = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    shift(image, 0, 3, 3, 1, 1, -1);
    expect([...image]).toEqual([0, 0, 0, 2, 3, 0, 5, 6, 0]);
  });

  it('equals a lookup with zeros outside, for any shift and beside other images', () => {
    const side = fc.integer({ min: 1, max: 6 });
    const by = fc.integer({ min: -8, max: 8 });
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 3 }), by, by, (height, width, channels, down, right) => {
        const size = height * width * channels;
        const pixels = Float32Array.from({ length: 3 * size }, (_, k) => k + 1);
        const before = pixels.slice();
        shift(pixels, size, height, width, channels, down, right);
        const expected = before.slice();
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            for (let c = 0; c < channels; c++) {
              const inside = y - down >= 0 && y - down < height && x - right >= 0 && x - right < width;
              const from = size + ((y - down) * width + x - right) * channels + c;
              expected[size + (y * width + x) * channels + c] = inside ? before[from]! : 0;
            }
          }
        }
        expect(pixels).toEqual(expected);
      }),
    );
  });
});

describe('rotate', () => {
  const rotated = (values: number[], height: number, width: number, degrees: number, channels = 1) => {
    const image = Float32Array.from(values);
    rotate(image, 0, height, width, channels, degrees, rotationCanvas(height, width, channels));
    return [...image];
  };

  it('turns anticlockwise about the centre', () => {
    const turned = rotated([1, 2, 3, 4, 5, 6, 7, 8, 9], 3, 3, 90);
    [3, 6, 9, 2, 5, 8, 1, 4, 7].forEach((value, k) => expect(turned[k]).toBeCloseTo(value, 5));
  });

  it('leaves an image alone at 0 degrees', () => {
    expect(rotated([1, 2, 3, 4, 5, 6], 2, 3, 0)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('interpolates between the four neighbours, zero outside', () => {
    // At 45 degrees the pixel at (1, 0) above the centre comes from (1 - s, 1 - s), s = sqrt(1/2): left of and above it.
    const s = Math.SQRT1_2;
    const [a, b, d, e] = [1, 2, 4, 5];
    const f = 1 - s;
    const expected = (1 - f) * ((1 - f) * a + f * b) + f * ((1 - f) * d + f * e);
    expect(rotated([1, 2, 3, 4, 5, 6, 7, 8, 9], 3, 3, -45)[1]).toBeCloseTo(expected, 5);
    // The corner comes from (1 - 2s, 1), left of the image by 2s - 1: the rest of its weight falls on zeros.
    expect(rotated([1, 1, 1, 1, 1, 1, 1, 1, 1], 3, 3, 45)[0]).toBeCloseTo(2 - 2 * s, 5);
  });

  it('never mixes in anything but the image and zeros', () => {
    const side = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(
        side,
        side,
        fc.integer({ min: 1, max: 3 }),
        fc.double({ min: -360, max: 360, noNaN: true }),
        (h, w, c, degrees) => {
          const image = rotated(
            upTo(h * w * c).map(() => 1),
            h,
            w,
            degrees,
            c,
          );
          for (const value of image) {
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThanOrEqual(1 + 1e-6);
          }
        },
      ),
    );
  });
});

describe('flip', () => {
  it('mirrors rows and keeps colours together', () => {
    const image = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    flip(image, 0, 2, 3, 2);
    expect([...image]).toEqual([5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8]);
  });
});

describe('augmented', () => {
  it('gives a sample the same image in any batch and order, another in another epoch', () => {
    const data = augmented(toyDataset(50, [8, 8, 3]), naturalImageAugmentation, 3);
    const size = 8 * 8 * 3;
    const all = data.read(upTo(50), 4);
    const some = data.read([49, 7, 7], 4);
    [49, 7, 7].forEach((index, i) => {
      expect(some.inputs.slice(i * size, (i + 1) * size)).toEqual(all.inputs.slice(index * size, (index + 1) * size));
      expect(some.labels[i]).toBe(all.labels[index]);
    });
    expect(data.read(upTo(50), 5).inputs).not.toEqual(all.inputs);
  });

  it('shifts by offsets uniform over -5 to 5 in four samples of five', () => {
    // One bright pixel in the middle of a black image shows the shift.
    const count = 20_000;
    const pixels = new Uint8Array(count * 121);
    for (let i = 0; i < count; i++) pixels[i * 121 + 60] = 255;
    const images = { shape: [11, 11, 1], classes: ['a'], pixels, labels: new Uint8Array(count) } as const;
    const { inputs } = augmented(imageDataset(images, 'x'), { ...never, cropProbability: 0.8 }, 1).read(upTo(count), 0);
    const seen = new Float64Array(121);
    for (let i = 0; i < count; i++) {
      const at = inputs.subarray(i * 121, (i + 1) * 121).indexOf(1);
      expect(at).toBeGreaterThanOrEqual(0);
      seen[at] = seen[at]! + 1;
    }
    for (let at = 0; at < 121; at++) {
      const share = at === 60 ? 0.2 + 0.8 / 121 : 0.8 / 121;
      // Five standard errors of a share in 20,000 draws.
      expect(Math.abs(seen[at]! / count - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / count));
    }
  });

  it('flips half of the natural images and no digits', () => {
    const pixels = Uint8Array.from({ length: 2000 }, (_, k) => (k % 2 === 0 ? 255 : 0));
    const images = { shape: [1, 2, 1], classes: ['a'], pixels, labels: new Uint8Array(1000) } as const;
    const flips = (flipProbability: number) => {
      const { inputs } = augmented(imageDataset(images, 'x'), { ...never, flipProbability }, 1).read(upTo(1000), 0);
      return upTo(1000).filter((i) => inputs[2 * i] === 0).length;
    };
    expect(Math.abs(flips(naturalImageAugmentation.flipProbability) - 500)).toBeLessThan(80);
    expect(flips(defaultAugmentation.flipProbability)).toBe(0);
  });

  it('keeps what it was made of', () => {
    const plain = toyDataset(3);
    const data = augmented(plain, never, 0);
    expect(withoutAugmentations(data)).toBe(plain);
    expect(withoutAugmentations(plain)).toBe(plain);
    expect(data.read(upTo(3), 9).inputs).toEqual(plain.read(upTo(3), 0).inputs);
    expect(data.fingerprint).not.toBe(plain.fingerprint);
    expect(data.fingerprint).not.toBe(augmented(plain, never, 1).fingerprint);
    expect(data.fingerprint).not.toBe(augmented(plain, defaultAugmentation, 0).fingerprint);
  });
});
