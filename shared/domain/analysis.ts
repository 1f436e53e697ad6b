import { z } from 'zod';
import { CupbearerError } from '../errors.ts';
import { explainFaults } from '../schema/problems.ts';

const share = z.number().min(0).max(1);

const layerAnalysisSchema = z.object({
  /** Length of a sample's activation vector. */
  dims: z.int().positive(),
  /** Why the rest is null, if it is. */
  left_out: z.string().exactOptional(),
  /** Principal components of the clean test activations, of which the coordinates in `analysis/<layer>.npy` are. */
  components: z
    .object({
      /** Clean samples that they were computed from. */
      samples: z.int().positive(),
      /** Share of the variance of these along each. */
      explained: z.array(share),
    })
    .nullable(),
  /** Shares of the variance of the test activations; null if there are no classes or nothing varies. */
  variance: z
    .object({
      between_predicted_classes: share.nullable(),
      /** What tells clean from anomalous among samples predicted alike, of the whole variance. */
      between_clean_and_anomalous_of_a_class: share.nullable(),
      between_clean_and_anomalous: share.nullable(),
      /** Of the variance of the clean samples alone. */
      between_true_classes_of_clean: share.nullable(),
      between_predicted_classes_of_clean: share.nullable(),
    })
    .nullable(),
});
/** What is known of the test activations of one layer. */
export type LayerAnalysis = z.infer<typeof layerAnalysisSchema>;

const mistakeSchema = z.object({
  /** Place in the arrays of `scores/`. */
  position: z.int().nonnegative(),
  sample_index: z.int().nonnegative(),
  score: z.number(),
  /** Before any poisoning. */
  true_class: z.string(),
  predicted_class: z.string().nullable(),
});
/** A sample that the detector gets wrong, or would be the next to. */
export type Mistake = z.infer<typeof mistakeSchema>;

export const analysisSchema = z.object({
  format: z.literal(1),
  layers: z.record(z.string(), layerAnalysisSchema),
  /** Spearman's correlation of the scores of all test samples; null if a layer's scores are all the same. */
  score_correlation: z
    .object({
      layers: z.array(z.string()).max(4096),
      spearman: z.array(z.array(z.number().min(-1).max(1).nullable())),
    })
    .refine(({ layers, spearman }) => [spearman, ...spearman].every(({ length }) => length === layers.length), {
      message: 'Expected a row and a column for each layer.',
    }),
  /** By the score "all", worst first. */
  mistakes: z.object({ clean: z.array(mistakeSchema), anomalous: z.array(mistakeSchema) }),
});
/** The content of analysis.json. */
export type Analysis = z.infer<typeof analysisSchema>;

/** @throws CupbearerError `bad-data` naming `source` and the first key that is wrong. */
export function parseAnalysis(content: unknown, source: string): Analysis {
  const parsed = analysisSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const faults = explainFaults(parsed.error.issues, content);
  throw new CupbearerError('bad-data', `${source} is not an analysis: ${faults}`);
}
