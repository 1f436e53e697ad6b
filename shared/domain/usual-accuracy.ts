import { z } from 'zod';

/** A published accuracy of classifiers of an architecture on a dataset. */
export const usualAccuracySchema = z.object({
  /** Share of the test samples, 0 to 1. */
  accuracy: z.number(),
  /** Who published it, short enough for a sentence. */
  source: z.string(),
});
export type UsualAccuracy = z.infer<typeof usualAccuracySchema>;
