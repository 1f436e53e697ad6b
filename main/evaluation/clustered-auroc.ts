import type { Scores } from '../../shared/scores/ranked-scores.ts';
import { rankScores } from '../../shared/scores/ranked-scores.ts';
import { student95, studentTwoSidedTail } from './beta.ts';
import { delongTestOf, placements, type Placements } from './delong.ts';
import { aurocOf } from './figures-of-merit.ts';
import { onLogits, type Interval } from './interval.ts';

/** Which group each sample belongs to, those of either class in the order of their placements. */
export interface ClassGroups {
  anomalous: Int32Array;
  clean: Int32Array;
}

/** Splits the groups of samples `[n]` by their labels (1 = anomalous). */
export function groupsByClass(groups: Int32Array, labels: Uint8Array): ClassGroups {
  return { anomalous: groups.filter((_, i) => labels[i] === 1), clean: groups.filter((_, i) => labels[i] !== 1) };
}

/** How many groups there are, and how many of them have samples of either class. */
export function countGroups({ anomalous, clean }: ClassGroups): { all: number; anomalous: number; clean: number } {
  const [one, other] = [new Set(anomalous), new Set(clean)];
  return { all: new Set([...one, ...other]).size, anomalous: one.size, clean: other.size };
}

/**
 * Variance of an AUROC, or of a difference of two with the differences of their placements, where samples of a group are not
 * independent (Obuchowski 1997, Nonparametric analysis of clustered ROC curve data, Biometrics 53, eq. 3): the sums of placements by
 * group take the place of single ones, and a group with samples of both classes adds their covariance. Needs two groups of each class.
 */
export function clusteredVariance({ anomalous, clean }: Placements, groups: ClassGroups): number {
  const [sumsAnomalous, sumsClean] = [sums(anomalous, groups.anomalous), sums(clean, groups.clean)];
  const [m, n] = [anomalous.length, clean.length];
  const all = new Set([...sumsAnomalous.keys(), ...sumsClean.keys()]);
  let both = 0;
  for (const [group, sum] of sumsAnomalous) both += sum * (sumsClean.get(group) ?? 0);
  return (
    squares(sumsAnomalous) / (m * m) + squares(sumsClean) / (n * n) + (2 * both * all.size) / ((all.size - 1) * m * n)
  );
}

/** The squares of what values of each group add up to, less their mean; n squared times the variance of their mean. Needs two groups. */
export function groupedSquares(values: Float64Array, groups: Int32Array): number {
  return squares(sums(values, groups));
}

function squares(of: ReadonlyMap<number, number>): number {
  let total = 0;
  for (const sum of of.values()) total += sum * sum;
  return (total * of.size) / (of.size - 1);
}

/** What the values of each group add up to, less their mean. */
function sums(values: Float64Array, groups: Int32Array): Map<number, number> {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const found = new Map<number, number>();
  values.forEach((value, i) => found.set(groups[i]!, (found.get(groups[i]!) ?? 0) + value - mean));
  return found;
}

/**
 * AUROC with its 95 % interval where samples come in groups: {@link clusteredVariance} on the logit scale, Student's t with the degrees
 * of freedom of the class with fewer groups, never tighter than the rule of three for so many groups. `docs/numerics.md` says how
 * often it holds the truth. @throws as `checkScores`.
 */
export function clusteredAurocInterval(scores: Scores, labels: Uint8Array, groups: Int32Array): Interval {
  const ranked = rankScores(scores, labels);
  const value = aurocOf(ranked);
  const own = groupsByClass(groups, labels);
  const counts = countGroups(own);
  const fewest = Math.min(counts.anomalous, counts.clean);
  const unseen = Math.min(1, 3 / fewest);
  const variance = fewest > 1 ? clusteredVariance(placements(scores, labels), own) : 0;
  // Equal placements leave rounding for a variance.
  if (value === 0 || value === 1 || !(variance > 1e-24)) {
    const [lower, upper] = [
      value === 0 ? 0 : Math.max(0, value - unseen),
      value === 1 ? 1 : Math.min(1, value + unseen),
    ];
    return { value, lower, upper, method: 'rule-of-three', oneSided: value === 0 || value === 1 };
  }
  const { lower, upper } = onLogits(value, Math.sqrt(variance), student95(fewest - 1));
  return {
    value,
    lower: Math.min(lower, 1 - unseen),
    upper: Math.max(upper, unseen),
    method: 'delong-clustered',
    oneSided: false,
  };
}

/**
 * Whether two detectors differ in AUROC over the same samples, which come in groups: the paired test of Obuchowski 1997, Student's t
 * with the degrees of freedom of the class with fewer groups. Needs two groups of each class. @throws as `delongTestOf`.
 */
export function clusteredTest(
  a: Placements,
  b: Placements,
  groups: ClassGroups,
): Pick<ReturnType<typeof delongTestOf>, 'difference' | 'lower' | 'upper' | 'p'> {
  const { difference, p } = delongTestOf(a, b);
  const differences = {
    anomalous: a.anomalous.map((value, i) => value - b.anomalous[i]!),
    clean: a.clean.map((value, i) => value - b.clean[i]!),
  };
  const { anomalous, clean } = countGroups(groups);
  const freedom = Math.min(anomalous, clean) - 1;
  const deviation = Math.sqrt(Math.max(0, clusteredVariance(differences, groups)));
  // Without a spread of the differences groups change nothing.
  if (!(deviation > 1e-12)) return { difference, lower: difference, upper: difference, p };
  const half = student95(freedom) * deviation;
  return {
    difference,
    lower: Math.max(-1, difference - half),
    upper: Math.min(1, difference + half),
    p: studentTwoSidedTail(difference / deviation, freedom),
  };
}
