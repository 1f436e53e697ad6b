import { z } from 'zod';
import { namedPoolings } from '../scores/token-pooling.ts';

/** The shares of trusted tokens that score below each step of a token's colour. */
export const tokenSteps = [0.9, 0.99, 0.999, 1] as const;

/** What is known of one test sample besides its scores. */
export const sampleTokensSchema = z.object({
  /** What its tokens are; null where that is not known. */
  words: z.array(z.string()).nullable(),
  /** Its metadata by column, without its text and its tokens. */
  metadata: z.array(z.tuple([z.string(), z.string()])),
  /** Scores of its tokens; null where they were not scored on their own. */
  scores: z
    .object({
      /** By layer, and `all`, `[count]`. */
      layers: z.record(z.string(), z.array(z.number())),
      /** By layer, the scores below which the shares {@link tokenSteps} of the trusted tokens lie. */
      steps: z.record(z.string(), z.array(z.number()).length(tokenSteps.length)),
      /** The score of the text by pooling and layer, as far as they can be combined. */
      pooled: z.partialRecord(z.enum(namedPoolings), z.record(z.string(), z.number())),
      /** Which tokens are taken as trusted, and how many there are. */
      basis: z.enum(['held-out', 'clean']),
      trusted: z.int(),
    })
    .nullable(),
});
export type SampleTokens = z.infer<typeof sampleTokensSchema>;

/** The trusted samples that are nearest to a test sample. */
export const neighboursSchema = z.object({
  layer: z.string(),
  tokens: z.enum(namedPoolings),
  /** How many trusted samples were looked at, of how many. */
  searched: z.int(),
  of: z.int(),
  nearest: z.array(z.object({ distance: z.number(), text: z.string(), note: z.string() })),
});
export type Neighbours = z.infer<typeof neighboursSchema>;

/** Values of a column of metadata. */
export const metadataValuesSchema = z.array(z.union([z.string(), z.number(), z.null()]));
