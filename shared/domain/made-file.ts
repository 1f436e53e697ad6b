import { z } from 'zod';

/** A file that the program made for a window, which fetches it part by part: see `fetch-file.ts`. */
export const madeFileSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** Its media type. */
  type: z.string(),
  /** Its size. */
  bytes: z.int().nonnegative(),
});
export type MadeFile = z.infer<typeof madeFileSchema>;
