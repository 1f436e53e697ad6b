import { integer } from '../../../shared/schema/fields.ts';
import { projectRows, timesVector, trace } from '../../tensor/linalg/products.ts';
import { pseudoInverse } from '../../tensor/linalg/pseudo-inverse.ts';
import { symmetricFunction } from '../../tensor/linalg/symmetric-function.ts';
import { weightedGram } from '../../tensor/linalg/weighted-gram.ts';
import type { RandomStream } from '../../tensor/random.ts';
import { defineLayerDetector } from '../layer-detector.ts';
import { classMomentsByLayer, ofLayer } from '../parts/by-layer.ts';
import { classLines, lineArrays, lineBetween, scoreByLines, type SplitClass } from '../parts/class-directions.ts';
import type { ClassMoments } from '../parts/class-moments.ts';
import { kMeans } from '../parts/k-means.ts';
import { gatherRows, positionsByGroup, takeRows } from '../parts/rows.ts';

/** Rounds of expectation maximisation after which the two covariances are taken as they are. */
const MAX_ROUNDS = 30;
/** Relative change of a covariance below which it has settled. */
const SETTLED = 1e-4;
/** Eigenvalues of the covariance within classes below this share of the largest count as zero. */
const RCOND = 1e-6;
/** Anomaly index from which the paper calls a class contaminated. */
const CONTAMINATED = Math.exp(2);

/**
 * SCAn: an activation is its class's mean plus a variation that is alike in all classes (`x = mu_t + eps`); both
 * covariances are learnt from trusted data by expectation maximisation. In untrusted data each predicted class is
 * parted into two groups under the variation's covariance, and a likelihood ratio says how much better two means
 * explain it than one; the class's anomaly index is the ratio's distance from the median of all classes in units of
 * 1.4826 times their median absolute deviation (Tang et al., sections 4.2 and 4.3).
 *
 * The ratio is per sample, as in the authors' code: the paper's sum makes a large class look contaminated for its size.
 * Only ratios above the median count. The paper tells contaminated classes; to score any input, which is ours: its
 * place between the centres of the normal (0) and the suspicious group (1), times I / (I + e^2) for an anomaly index I
 * (e^2 is the paper's threshold). Suspicious is the group further from the trusted mean of the class, or the smaller
 * one for a class without trusted data. With fewer than three classes in the untrusted data there is nothing to
 * compare, and all weigh 1.
 */
export const scan = defineLayerDetector({
  id: 'scan',
  title: 'SCAn',
  summary: 'Two groups, where other classes have one, among untrusted activations of the predicted class',
  source: 'Tang et al., USENIX Security 2021, arXiv 1908.00686',
  needs: { trusted: true, untrusted: true, logits: true },
  params: {
    starts: integer({ label: 'Starts', help: 'Partings of each class; the best counts', default: 4, min: 1, max: 100 }),
    max_reference: integer({
      label: 'Most untrusted samples used',
      help: 'Takes a random part of the untrusted data where there are more',
      unit: 'samples',
      default: 20_000,
      min: 1,
      max: 10_000_000,
    }),
  },

  arrays: lineArrays,

  async gather({ layers, trusted, untrusted }, { max_reference: limit }, { stream }) {
    const { moments } = await classMomentsByLayer(trusted, layers, 2);
    return { moments, rows: await gatherRows(untrusted, layers, { limit, random: stream.derive('reference') }) };
  },

  fitLayer({ moments, rows }, { name, dims }, { starts }, { stream }) {
    const own = ofLayer(moments, name);
    const model = separateVariation(own);
    const groups = positionsByGroup(rows.predicted, rows.classes).map((positions, k) => {
      const x = takeRows(ofLayer(rows.layers, name), dims, positions);
      return partClass(x, model, own, k, starts, stream.derive(name, k));
    });
    return classLines(weighted(groups, model), dims);
  },

  scoreLayer: scoreByLines,
});

/** What trusted data tell: the covariance of class means, and axes along which the variation has unit variance. */
interface VariationModel {
  mean: Float64Array;
  between: Float64Array;
  within: Float64Array;
  /** Inverse root of `within`, `[d, d]`; zero along directions without variation. */
  axes: Float64Array;
}

/**
 * The two covariances by expectation maximisation: the expected mean of a class with n rows that sum to s (about the
 * mean of all) is `B (n B + W)^+ s`.
 */
function separateVariation(moments: ClassMoments): VariationModel {
  const { dims: d, counts, all } = moments;
  const shifts = counts.map((_, k) => moments.mean(k).map((value, j) => value - all.mean[j]!));
  const aroundMeans = moments.within();
  let between = covarianceOfMeans(shifts, counts, all.count, d);
  let within = aroundMeans;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const expected = shifts.map((shift, k) => expectedMean(between, within, shift, counts[k]!));
    const errors = shifts.map((shift, k) => shift.map((value, j) => value - expected[k]![j]!));
    const missed = covarianceOfMeans(errors, counts, all.count, d);
    const nextBetween = covarianceOfMeans(expected, counts, all.count, d);
    const nextWithin = aroundMeans.map((value, at) => value + missed[at]!);
    const moved = change(between, nextBetween) + change(within, nextWithin);
    between = nextBetween;
    within = nextWithin;
    if (moved < SETTLED) break;
  }
  const largest = Math.max(trace(within, d), moments.resolution);
  const cut = Math.max(RCOND * largest, moments.resolution);
  const axes = symmetricFunction(within, d, (value) => (value > cut ? 1 / Math.sqrt(value) : 0));
  return { mean: all.mean, between, within, axes };
}

/** `B (n B + W)^+ n shift` for the mean `shift` of n rows. */
function expectedMean(between: Float64Array, within: Float64Array, shift: Float64Array, n: number): Float64Array {
  const d = shift.length;
  const sum = between.map((value, at) => n * value + within[at]!);
  const { inverse } = pseudoInverse(sum, d, 1e-12);
  return timesVector(
    between,
    timesVector(
      inverse,
      shift.map((value) => n * value),
    ),
  );
}

function covarianceOfMeans(means: readonly Float64Array[], counts: readonly number[], total: number, d: number) {
  const rows = new Float64Array(means.length * d);
  means.forEach((mean, k) => rows.set(mean, k * d));
  return weightedGram(
    rows,
    d,
    Float64Array.from(counts, (count) => count / total),
  );
}

/** Frobenius norm of the difference over that of `after`; 0 if both are zero. */
function change(before: Float64Array, after: Float64Array): number {
  let difference = 0;
  let size = 0;
  for (let at = 0; at < after.length; at++) {
    difference += (after[at]! - before[at]!) ** 2;
    size += after[at]! ** 2;
  }
  return size === 0 ? 0 : Math.sqrt(difference / size);
}

/** The two groups of a class, along the model's axes, and the log-likelihood ratio a sample of two against one. */
interface PartedClass {
  normal: Float64Array;
  suspicious: Float64Array;
  ratio: number;
}

function partClass(
  x: Float32Array,
  model: VariationModel,
  trusted: ClassMoments,
  k: number,
  starts: number,
  random: RandomStream,
): PartedClass | undefined {
  const d = model.mean.length;
  const n = x.length / d;
  if (n < 3) return undefined;
  const y = projectRows(x, model.mean, model.axes);
  const { centres, of, inertia } = kMeans(y, d, 2, { random, starts });
  const inSecond = of.reduce((sum, group) => sum + group, 0);
  if (inSecond === 0 || inSecond === n) return undefined;
  const ratio = (inertiaAround(oneMean(x, model), y, model) - inertia) / n;
  const groups = [centres.subarray(0, d), centres.subarray(d)] as const;
  const isFirstNormal =
    (trusted.counts[k] ?? 0) > 0
      ? isNearer(projectRows(trusted.mean(k), model.mean, model.axes), groups)
      : inSecond <= n - inSecond;
  const [normal, suspicious] = isFirstNormal ? groups : [groups[1], groups[0]];
  return { normal, suspicious, ratio };
}

/** Expected mean of a class of which all rows are one group, about the mean of all. */
function oneMean(x: Float32Array, { mean, between, within }: VariationModel): Float64Array {
  const d = mean.length;
  const shift = new Float64Array(d);
  for (let at = 0; at < x.length; at++) shift[at % d]! += (x[at]! - mean[at % d]!) / (x.length / d);
  return expectedMean(between, within, shift, x.length / d);
}

function inertiaAround(shift: Float64Array, y: Float64Array, { axes }: VariationModel): number {
  const d = shift.length;
  const centre = timesVector(axes, shift);
  let sum = 0;
  for (let at = 0; at < y.length; at++) sum += (y[at]! - centre[at % d]!) ** 2;
  return sum;
}

function isNearer(point: Float64Array, [first, second]: readonly [Float64Array, Float64Array]): boolean {
  const distance = (group: Float64Array) => group.reduce((sum, value, j) => sum + (value - point[j]!) ** 2, 0);
  return distance(first) <= distance(second);
}

/** The line of each class, weighed by its anomaly index. */
function weighted(
  groups: readonly (PartedClass | undefined)[],
  { mean, axes }: VariationModel,
): (SplitClass | undefined)[] {
  const ratios = groups.flatMap((group) => (group ? [group.ratio] : []));
  const middle = median(ratios);
  const spread = 1.4826 * median(ratios.map((ratio) => Math.abs(ratio - middle)));
  return groups.map((group) => {
    if (!group) return undefined;
    const above = Math.max(0, group.ratio - middle);
    const weight = ratios.length < 3 ? 1 : above === 0 ? 0 : above / (above + CONTAMINATED * spread);
    return lineBetween(group.normal, group.suspicious, axes, mean, weight);
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(half)]! : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}
