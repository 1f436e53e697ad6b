import { z } from 'zod';
import type { BytePlace } from '../storage/byte-file.ts';

/** The place of bytes in a file that another thread keeps open, as it is sent. */
export const bytePlaceSchema: z.ZodType<BytePlace> = z.object({
  descriptor: z.number(),
  start: z.number(),
  length: z.number(),
  path: z.string(),
});
