import { studentTwoSidedTail } from '../beta.ts';
import { normalTwoSidedTail } from '../normal.ts';
import { differenceOverSeeds, type FigureOverSeeds, type PairedSeedScores } from './across-seeds.ts';
import { z95 } from '../interval.ts';

/** Two detectors compared on the same seeds and samples. */
interface PairedSeedsTest {
  /** AUROC of the first minus that of the second, mean over seeds, with the 95 % interval of `differenceOverSeeds`. */
  difference: number;
  lower: number;
  upper: number;
  /** Two-sided; null where neither seeds nor samples show a spread of the difference but there is one. */
  p: number | null;
}

/**
 * Tests whether two detectors differ in AUROC, over two seeds or more. Other seeds and other samples would both change
 * the mean difference, so its variance is the sum of what either does: that of samples is known from thousands of
 * them, that of n seeds is estimated with n - 1 degrees of freedom. Student's t with Satterthwaite's degrees of freedom
 * (Satterthwaite 1946) takes into account that three seeds say little of how far others are. A share of the bootstrap's
 * draws beyond 0 would not, and could be no smaller than one of their number, which Holm multiplies.
 * @throws CupbearerError as `differenceOverSeeds`, and `bad-data` for a single seed.
 */
export function pairedSeedsTest(seeds: readonly PairedSeedScores[]): PairedSeedsTest {
  const over = differenceOverSeeds('auroc', seeds);
  const { mean: difference, lower, upper } = over;
  return { difference, lower, upper, p: pOf(over) };
}

function pOf({ mean, deviation, values, fromSamples }: FigureOverSeeds): number | null {
  const bySamples = (fromSamples / z95) ** 2;
  const bySeeds = (deviation ?? 0) ** 2 / values.length;
  const variance = bySamples + bySeeds;
  // Rounding makes equal differences spread by some 1e-17.
  if (variance < 1e-24) return Math.abs(mean) < 1e-12 ? 1 : null;
  const t = mean / Math.sqrt(variance);
  if (bySeeds < 1e-24) return normalTwoSidedTail(t);
  return studentTwoSidedTail(t, ((values.length - 1) * variance ** 2) / bySeeds ** 2);
}
