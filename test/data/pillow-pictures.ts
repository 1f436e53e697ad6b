import { readFileSync } from 'node:fs';
import { z } from 'zod';

const schema = z.object({
  pictures: z.array(
    z.object({
      name: z.string(),
      upright: z.boolean(),
      file: z.base64(),
      size: z.tuple([z.number(), z.number()]),
      rgb: z.base64(),
    }),
  ),
});

const bytesOf = (text: string) => Buffer.from(text, 'base64');

/** Picture files of many kinds, with their pixels as Pillow has them (fixtures/make-pillow-pictures.py). */
export const pillowPictures = schema
  .parse(JSON.parse(readFileSync(new URL('./fixtures/pillow-pictures.json', import.meta.url), 'utf8')))
  .pictures.map(({ file, rgb, ...picture }) => ({ ...picture, file: bytesOf(file), rgb: bytesOf(rgb) }));
