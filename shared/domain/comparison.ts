import { z } from 'zod';
import { CupbearerError } from '../errors.ts';
import { explainFaults } from '../schema/problems.ts';
import { layerMetricsSchema } from './evaluation.ts';
import { runSummarySchema } from './live.ts';

const numberOrNull = z.number().nullable();

/** What two or more evaluated runs are like side by side. */
const comparedFiguresSchema = z.object({
  /** Of the score over all layers, one for each run. */
  metrics: z.array(layerMetricsSchema),
  /**
   * Parameters that are not all alike: "detector.relative" and what people call it, from the outside in; one value a
   * run as text, null if it has none.
   */
  differences: z.array(
    z.object({ key: z.string(), labels: z.array(z.string()), values: z.array(z.string().nullable()) }),
  ),
  pairs: z.array(
    z.object({
      a: z.number(),
      b: z.number(),
      shared: z.number(),
      reason: z.string().nullable(),
      /** DeLong's paired test of AUROC, a minus b. */
      test: z.object({ difference: z.number(), lower: z.number(), upper: z.number(), p: numberOrNull }).nullable(),
      spearman: numberOrNull,
    }),
  ),
});
export type ComparedFigures = z.infer<typeof comparedFiguresSchema>;

const packed = z.instanceof(Blob);

/**
 * Two or more evaluated runs side by side. The figures of fifty runs are a hundred thousand numbers: they travel as the
 * bytes that an inspection process wrote, which the host passes on without a look at them.
 */
export const comparisonSchema = z.object({
  summaries: z.array(runSummarySchema),
  /** {@link readFigures} reads it. */
  figures: packed,
  /**
   * One for each set of test data that two or more of the runs share, that of most runs first: the places of these
   * runs, and packed: `sample_index` int32 `[n]`, `labels` uint8 `[n]`, `scores/<place>` float32 `[n]`, NaN if a run
   * has not scored the sample.
   */
  samples: z.array(z.object({ runs: z.array(z.int().nonnegative()), arrays: packed })),
});
export type Comparison = z.infer<typeof comparisonSchema>;

/** The figures of a comparison as they travel. */
export function figuresToBytes(figures: ComparedFigures): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(figures));
}

/** The inverse of {@link figuresToBytes}. @throws CupbearerError `bad-data`. */
export async function readFigures({ figures, summaries }: Comparison): Promise<ComparedFigures> {
  const content: unknown = JSON.parse(await figures.text());
  const read = comparedFiguresSchema.safeParse(content);
  if (read.success && read.data.metrics.length === summaries.length) return read.data;
  const faults = read.success ? 'Some runs are missing.' : explainFaults(read.error.issues, content);
  throw new CupbearerError('bad-data', `These are not figures of a comparison: ${faults}`);
}
