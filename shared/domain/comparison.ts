import { z } from 'zod';
import { CupbearerError } from '../errors.ts';
import { explainFaults } from '../schema/problems.ts';
import { isScoreChoice, type ScoreChoice } from './compared.ts';
import { layerMetricsSchema } from './evaluation.ts';
import { suspicionSchema } from './suspicion.ts';
import { runSummarySchema } from './live.ts';

const numberOrNull = z.number().nullable();

/** A figure of one row with its 95 % interval; over several seeds the mean, its spread (n - 1) and each seed's value. */
const comparedFigureSchema = z.object({
  value: z.number(),
  lower: z.number(),
  upper: z.number(),
  /** The figure is at the end of its range, so only the other bound is informative. */
  one_sided: z.boolean(),
  deviation: numberOrNull,
  values: z.array(z.number()),
});
export type ComparedFigure = z.infer<typeof comparedFigureSchema>;

/** A figure whose interval is not known where samples come in groups. */
const looseFigureSchema = comparedFigureSchema.extend({ lower: numberOrNull, upper: numberOrNull });
export type LooseFigure = z.infer<typeof looseFigureSchema>;

/** The interval of a figure, null where it is not known. */
export function knownBounds({
  lower,
  upper,
  one_sided,
}: LooseFigure): Omit<ComparedFigure, 'value' | 'deviation' | 'values'> | null {
  return lower === null || upper === null ? null : { lower, upper, one_sided };
}

/** What is compared: a run, or runs that differ in their seeds alone. */
const comparedRowSchema = z.object({
  /** Their places. */
  runs: z.array(z.int().nonnegative()).min(1),
  /** The seed of each. */
  seeds: z.array(z.number()),
  /** Rows with the same number are on the same test data, hence ranked with each other. */
  group: z.int().nonnegative(),
  /** Id of the detector. */
  detector: z.string(),
  /** The most that the detector may see of a task besides the model. */
  seen: z.enum(['nothing', 'trusted', 'untrusted', 'labels', 'unknown']),
  /** Null where it has no such score, for this reason. */
  figures: z
    .object({
      auroc: comparedFigureSchema,
      ap: looseFigureSchema,
      /** TPR at 1 % FPR, whose threshold is read off the test data; null with fewer than 100 clean samples. */
      tpr: looseFigureSchema.nullable(),
      /** Of several seeds the mean curve. */
      roc: z.object({ fpr: z.array(z.number()), tpr: z.array(z.number()) }),
      /** Test samples of one seed, at most. */
      clean: z.number(),
      anomalous: z.number(),
    })
    .nullable(),
  reason: z.string().nullable(),
  /** The layer of each run, where it was selected on the other seeds; else null. */
  picked: z.array(z.string()).nullable(),
  /** What must be known before its figures are believed. */
  doubts: z.array(suspicionSchema),
});
export type ComparedRow = z.infer<typeof comparedRowSchema>;

/** A paired test of AUROC: of one seed DeLong's, of several the mean difference over seeds and samples. */
const pairTestSchema = z.object({
  difference: z.number(),
  lower: z.number(),
  upper: z.number(),
  p: numberOrNull,
  /** By Holm, for all pairs of the comparison. */
  corrected: numberOrNull,
});
export type PairTest = z.infer<typeof pairTestSchema>;

const comparedPairSchema = z.object({
  /** Places of two rows; differences are of the first minus the second. */
  a: z.number(),
  b: z.number(),
  /** Test samples of a seed that both have scored. */
  shared: z.number(),
  /** How many groups these are in, where they are not independent. */
  groups: z.number().exactOptional(),
  /** Seeds that both have. */
  seeds: z.number(),
  /** Why the rest is null, where it is. */
  reason: z.string().nullable(),
  test: pairTestSchema.nullable(),
  /** Rank correlation of both scores, mean over seeds; null, too, if one does not vary. */
  spearman: numberOrNull,
});
export type ComparedPair = z.infer<typeof comparedPairSchema>;

/** What two or more evaluated runs are like side by side. */
const comparedFiguresSchema = z.object({
  score: z.custom<ScoreChoice>((value) => typeof value === 'string' && isScoreChoice(value)),
  /** Layers that any of the runs has scores of. */
  layers: z.array(z.string()),
  /** Of the score that is compared, one for each run; null if it has no such score. */
  metrics: z.array(layerMetricsSchema.nullable()),
  rows: z.array(comparedRowSchema),
  /**
   * Parameters that are not all alike: "detector.relative" and what people call it, from the outside in; one value a
   * run as text, null if it has none.
   */
  differences: z.array(
    z.object({ key: z.string(), labels: z.array(z.string()), values: z.array(z.string().nullable()) }),
  ),
  pairs: z.array(comparedPairSchema),
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
