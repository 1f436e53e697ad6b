import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../main/data/pictures/decode-picture.ts';
import { pillowPictures } from './pillow-pictures.ts';

/** What two decoders of JPEG may differ by: the standard leaves the rounding of the inverse cosine transform to them. */
const jpegRounding = 2;

describe("Pillow's convert('RGB')", () => {
  it.each(pillowPictures.map((picture) => [`${picture.name}${picture.upright ? ', upright' : ''}`, picture] as const))(
    'has the same pixels: %s',
    async (name, { file, upright, size, rgb }) => {
      const { width, height, pixels } = await decodePicture(file, name, upright);
      expect([width, height]).toEqual(size);
      const expected = [...rgb];
      const found = Array.from(pixels).filter((_, k) => k % 4 !== 3);
      if (!name.startsWith('JPEG')) expect(found).toEqual(expected);
      const differences = found.map((value, k) => Math.abs(value - expected[k]!));
      expect(Math.max(...differences)).toBeLessThanOrEqual(jpegRounding);
    },
  );
});
