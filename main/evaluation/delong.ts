import { CupbearerError } from '../../shared/errors.ts';
import { checkScores, rankScores, sortedScores, type Scores } from '../../shared/scores/ranked-scores.ts';
import { aurocOf } from './figures-of-merit.ts';
import { onLogits, z95, type Interval } from './interval.ts';
import { normalTwoSidedTail } from './normal.ts';
import { perfectBound, ruleOfThree } from './rule-of-three.ts';

/**
 * DeLong's structural components: for each anomalous sample the share of clean ones below it, for each clean sample the
 * share of anomalous ones above it, ties counting half; samples in their given order. Both means are the AUROC.
 */
export interface Placements {
  /** V10, `[m]`. */
  anomalous: Float64Array;
  /** V01, `[n]`. */
  clean: Float64Array;
}

/** How many entries of ascending `sorted` are below `value`, those equal to it counting half. */
function midCount(sorted: Float64Array, value: number): number {
  const first = (beyond: (entry: number) => boolean): number => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (beyond(sorted[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return (first((entry) => entry >= value) + first((entry) => entry > value)) / 2;
}

/**
 * The placements of every sample, by binary search in the sorted other class: O(n log n), the mid-rank differences of
 * Sun & Xu 2014 (eq. 10 and 11). To compare many detectors compute them once each. @throws as `checkScores`.
 */
export function placements(scores: Scores, labels: Uint8Array): Placements {
  checkScores(scores, labels);
  const anomalousScores = sortedScores(scores, labels, 1);
  const cleanScores = sortedScores(scores, labels, 0);
  const anomalous = new Float64Array(anomalousScores.length);
  const clean = new Float64Array(cleanScores.length);
  let i = 0;
  let j = 0;
  for (let k = 0; k < scores.length; k++) {
    if (labels[k] === 1) anomalous[i++] = midCount(cleanScores, scores[k]!) / cleanScores.length;
    else clean[j++] = 1 - midCount(anomalousScores, scores[k]!) / anomalousScores.length;
  }
  return { anomalous, clean };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample covariance, divisor length - 1. */
function covariance(a: Float64Array, b: Float64Array): number {
  const meanA = mean(a);
  const meanB = mean(b);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - meanA) * (b[i]! - meanB);
  return sum / (a.length - 1);
}

/** Whether the entries differ; a variance would come out as some 1e-34 instead of 0. */
function varies(values: Float64Array): boolean {
  return values.some((value) => value !== values[0]);
}

/**
 * Covariance of two AUROCs over the same samples (DeLong, DeLong & Clarke-Pearson 1988, eq. 4); needs two samples a
 * class.
 */
export function aurocCovariance(a: Placements, b: Placements): number {
  return covariance(a.anomalous, b.anomalous) / a.anomalous.length + covariance(a.clean, b.clean) / a.clean.length;
}

/**
 * AUROC with its 95 % interval: DeLong's variance on the logit scale, so that the bounds stay within (0, 1), and never
 * tighter than that of a perfect ranking, from below, or of the worst, from above: near the ends few mistakes make up
 * the variance, and it is too small. Where it is no guide (no mistake seen, all scores equal, a class of one sample)
 * the rule of three takes its place. `docs/numerics.md` says how often it holds the truth.
 * @throws as `checkScores`.
 */
export function aurocInterval(scores: Scores, labels: Uint8Array): Interval {
  const ranked = rankScores(scores, labels);
  const value = aurocOf(ranked);
  const placed = ranked.nAnomalous > 1 && ranked.nClean > 1 ? placements(scores, labels) : undefined;
  const spread = placed && (varies(placed.anomalous) || varies(placed.clean));
  if (!spread || value === 0 || value === 1) return ruleOfThree(ranked, aurocOf);
  const { lower, upper } = onLogits(value, Math.sqrt(aurocCovariance(placed, placed)), z95);
  const least = perfectBound(ranked, aurocOf);
  return {
    value,
    lower: Math.min(lower, least),
    upper: Math.max(upper, 1 - least),
    method: 'delong-logit',
    oneSided: false,
  };
}

/** Two detectors compared over the same samples. */
interface DelongTest {
  aurocA: number;
  aurocB: number;
  /** AUROC of A minus that of B, with its 95 % bounds (clamped to -1 and 1). */
  difference: number;
  lower: number;
  upper: number;
  /** Null if the samples show no spread of the difference but there is one: then nothing can be tested. */
  z: number | null;
  /** Two-sided. */
  p: number | null;
  /** Of the two AUROCs, `[[AA, AB], [AB, BB]]`. */
  covariance: [[number, number], [number, number]];
}

/**
 * {@link delongTest} from placements computed before. @throws CupbearerError `bad-data` if a class has one sample only
 * or the samples are not the same.
 */
export function delongTestOf(a: Placements, b: Placements): DelongTest {
  const sizes = [a.anomalous.length, a.clean.length];
  if (sizes[0] !== b.anomalous.length || sizes[1] !== b.clean.length)
    throw new CupbearerError(
      'bad-data',
      `A paired test needs the same samples: found ${sizes.join(' + ')} and ${b.anomalous.length} + ${b.clean.length} (anomalous + clean).`,
    );
  if (Math.min(...sizes) < 2)
    throw new CupbearerError(
      'bad-data',
      `A paired test needs two samples of each class, found ${sizes.join(' + ')} (anomalous + clean).`,
    );
  const aurocA = mean(a.anomalous);
  const aurocB = mean(b.anomalous);
  const difference = aurocA - aurocB;
  // The variance of the differences, not of A plus B less twice the covariance: near-equal detectors would cancel.
  const differences: Placements = {
    anomalous: a.anomalous.map((value, i) => value - b.anomalous[i]!),
    clean: a.clean.map((value, i) => value - b.clean[i]!),
  };
  const spread = varies(differences.anomalous) || varies(differences.clean);
  const deviation = spread ? Math.sqrt(aurocCovariance(differences, differences)) : 0;
  const same = Math.abs(difference) < 1e-12;
  const z = spread ? difference / deviation : same ? 0 : null;
  return {
    aurocA,
    aurocB,
    difference,
    lower: Math.max(-1, difference - z95 * deviation),
    upper: Math.min(1, difference + z95 * deviation),
    z,
    p: z === null ? null : normalTwoSidedTail(z),
    covariance: [
      [aurocCovariance(a, a), aurocCovariance(a, b)],
      [aurocCovariance(b, a), aurocCovariance(b, b)],
    ],
  };
}

/**
 * Whether two detectors differ in AUROC over the same samples: DeLong's paired test. `scoresA`, `scoresB` and `labels`
 * are `[n]` in the same order. @throws as `checkScores` and {@link delongTestOf}.
 */
export function delongTest(scoresA: Scores, scoresB: Scores, labels: Uint8Array): DelongTest {
  return delongTestOf(placements(scoresA, labels), placements(scoresB, labels));
}
