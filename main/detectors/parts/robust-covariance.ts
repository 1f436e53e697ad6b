import { MomentAccumulator } from '../../tensor/linalg/moments.ts';
import { identity, projectRows, trace } from '../../tensor/linalg/products.ts';
import { quadraticForms } from '../../tensor/linalg/quadratic-forms.ts';
import { symmetricFunction } from '../../tensor/linalg/symmetric-function.ts';
import { weightedGram } from '../../tensor/linalg/weighted-gram.ts';
import { takeRows } from './rows.ts';

/** The constants of the published filter: C of its tests, and the confidence tau. */
const C = 10;
const TAU = 0.1;
/** Iterations of the power method, and the relative gain below which it has converged. */
const MAX_ITERATIONS = 40;
const CONVERGED = 1e-2;
/** Distance from the median below which no sample is looked at. */
const SHIFT = 3;
/** Directions of variance below this share of the largest are left out of the whitening. */
const NEGLIGIBLE = 1e-10;

/** Mean `[k]` and inverse root of the covariance `[k, k]` of rows `[n, k]`, zero along directions without variance. */
export function whitening(x: Float32Array, k: number): { mean: Float64Array; root: Float64Array } {
  const moments = new MomentAccumulator(k);
  moments.update(x, x.length / k);
  const covariance = moments.covariance();
  const cut = NEGLIGIBLE * trace(covariance, k);
  return {
    mean: moments.mean,
    root: symmetricFunction(covariance, k, (value) => (value > cut ? 1 / Math.sqrt(value) : 0)),
  };
}

/**
 * The rows of `x` `[n, k]` by which the covariance of its uncorrupted part can be estimated: the filter for Gaussians
 * of unknown covariance (Diakonikolas et al., ICML 2017, arXiv 1703.00893, algorithm 4), as SPECTRE uses it. Whitened
 * rows of extreme length go first; then, as long as some quadratic form has more variance than corrupted Gaussian data
 * can have, the rows where it is extreme. Rows are centred on the mean of those still kept. `fraction` (0 to 1) of the
 * rows may be corrupted; at most `limit` are removed.
 */
export function robustSubset(
  x: Float32Array,
  k: number,
  { fraction, limit }: { fraction: number; limit: number },
): Int32Array {
  let kept = Int32Array.from({ length: x.length / k }, (_, i) => i);
  let left = limit;
  let form = identity(k);
  while (left > 0 && kept.length > 2) {
    const { drop, form: found } = extremeRows(takeRows(x, k, kept), k, fraction, left, form);
    if (drop.size === 0) break;
    form = found;
    left -= drop.size;
    kept = kept.filter((_, i) => !drop.has(i));
  }
  return kept;
}

/**
 * Positions of the rows that one round of the filter removes, and the form under which rows vary most: the next round
 * starts from it, since a few rows less hardly turn it.
 */
function extremeRows(
  x: Float32Array,
  k: number,
  fraction: number,
  limit: number,
  start: Float64Array,
): { drop: Set<number>; form: Float64Array } {
  const n = x.length / k;
  const { mean, root } = whitening(x, k);
  const y = Float32Array.from(projectRows(x, mean, root));
  const zero = new Float64Array(k);
  const lengths = quadraticForms(y, zero, identity(k));
  const longest = C * k * Math.log(n / TAU);
  if (lengths.some((length) => length >= longest)) return { drop: largestAbove(lengths, longest, limit), form: start };

  const { form, variance } = mostVariableForm(y, k, start);
  const log = Math.log(1 / fraction);
  // Gaussian rows give 2 for a form of unit norm.
  if (variance <= 2 * (1 + C * fraction * log * log)) return { drop: new Set(), form };
  const values = quadraticForms(y, zero, form).map((value) => (value - trace(form, k)) / Math.SQRT2);
  const middle = values.slice().sort()[Math.floor(n / 2)]!;
  const distances = values.map((value) => Math.abs(value - middle));
  const threshold = tailThreshold(distances.slice().sort(), fraction);
  return { drop: threshold === undefined ? new Set() : largestAbove(distances, threshold, limit), form };
}

/**
 * The symmetric form V of norm 1 under which whitened rows vary most, and `var(y^T V y)`: the leading eigenvector of
 * the covariance of `y y^T`, by the power method from `start`, which never builds that `[k^2, k^2]` matrix.
 */
function mostVariableForm(y: Float32Array, k: number, start: Float64Array): { form: Float64Array; variance: number } {
  const n = y.length / k;
  const zero = new Float64Array(k);
  const length = Math.sqrt(start.reduce((sum, value) => sum + value * value, 0));
  let form = start.map((value) => value / length);
  let variance = 0;
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const weights = quadraticForms(y, zero, form).map((value) => value / n);
    const next = weightedGram(y, k, weights);
    const shift = trace(form, k);
    for (let i = 0; i < k; i++) next[i * k + i]! -= shift;
    const product = next.reduce((sum, value, at) => sum + value * form[at]!, 0);
    const norm = Math.sqrt(next.reduce((sum, value) => sum + value * value, 0));
    const gain = product - variance;
    variance = product;
    if (norm === 0) break;
    form = next.map((value) => value / norm);
    if (iteration > 0 && gain <= CONVERGED * variance) break;
  }
  return { form, variance };
}

/**
 * The least T for which more of the distances (ascending) exceed T + 3 than Gaussian data and this fraction of
 * corruption would have there: 1 up to 10 log(1/fraction), then 3 fraction / (T log T)^2. Undefined if there is none.
 */
function tailThreshold(distances: Float64Array, fraction: number): number | undefined {
  const n = distances.length;
  const from = C * Math.log(1 / fraction);
  for (let i = 0; i < n; i++) {
    const threshold = distances[i]! - SHIFT;
    if (threshold <= from) continue;
    if ((n - i) / n >= (3 * fraction) / (threshold * Math.log(threshold)) ** 2) return threshold;
  }
  return undefined;
}

/** Positions of the values from `threshold` on, the largest `limit` of them. */
function largestAbove(values: Float64Array, threshold: number, limit: number): Set<number> {
  const positions = [...values.keys()].filter((i) => values[i]! >= threshold);
  return new Set(positions.sort((i, j) => values[j]! - values[i]!).slice(0, limit));
}
