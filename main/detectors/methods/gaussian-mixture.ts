import { choice, integer, number } from '../../../shared/schema/fields.ts';
import { checkNotCancelled } from '../../data/cancellation.ts';
import type { RandomStream } from '../../tensor/random.ts';
import { identity } from '../../tensor/linalg/products.ts';
import { quadraticForms } from '../../tensor/linalg/quadratic-forms.ts';
import { symmetricEigenRows } from '../../tensor/linalg/symmetric-eigen.ts';
import { weightedGram } from '../../tensor/linalg/weighted-gram.ts';
import { defineLayerDetector, matrix, vector } from '../layer-detector.ts';
import { ofLayer } from '../parts/by-layer.ts';
import { kMeans } from '../parts/k-means.ts';
import { gatherRows } from '../parts/rows.ts';

/**
 * Components of a layer: means `[k, d]`, inverse covariances `[k, d, d]`, and log(weight) - log sqrt(det(2 pi C)),
 * `[k]`.
 */
interface Mixture {
  means: Float64Array;
  inverses: Float64Array;
  constants: Float64Array;
}

/** Responsibilities below this change no mean or covariance within float64's precision, and cost as much as others. */
const NO_SHARE = 1e-12;

/**
 * Negative log-density, in nats a dimension, under a mixture of Gaussians fitted to the trusted activations by
 * expectation maximisation (Dempster et al.), in float64, from a k-means++ start. It stops when a round raises the mean
 * log-density of a sample by less than `tolerance` nats.
 *
 * The floor that keeps covariances invertible is a share of the mean variance of the layer (of 1 if activations are
 * constant), so that the result does not depend on their unit.
 */
export const gaussianMixture = defineLayerDetector({
  id: 'gaussian-mixture',
  title: 'Gaussian mixture',
  summary: 'How improbable an activation is under a mixture of Gaussians',
  source: 'Dempster, Laird & Rubin, JRSS B 1977; start: Arthur & Vassilvitskii, SODA 2007',
  needs: { trusted: true },
  params: {
    components: integer({
      label: 'Components',
      help: 'Gaussians in the mixture; at most one a trusted sample',
      default: 10,
      min: 1,
      max: 1000,
    }),
    covariance: choice({
      label: 'Covariance',
      help: 'A full matrix for each component, or variances alone',
      options: ['full', 'diag'],
      titles: { diag: 'Diagonal' },
      default: 'full',
    }),
    starts: integer({
      label: 'Starts',
      help: 'Runs of expectation maximisation from different clusters, of which the most likely mixture is kept',
      default: 3,
      min: 1,
      max: 100,
    }),
    max_rounds: integer({
      label: 'Most rounds',
      help: 'Ends expectation maximisation',
      unit: 'rounds',
      default: 50,
      min: 1,
      max: 10_000,
    }),
    tolerance: number({
      label: 'Tolerance',
      help: 'Ends expectation maximisation when a round gains less',
      unit: 'nats',
      default: 1e-3,
      min: 0,
      max: 1,
    }),
    floor: number({
      label: 'Variance floor',
      help: 'Added to every variance, as a share of the mean variance of the layer',
      default: 1e-4,
      min: 1e-12,
      max: 1,
    }),
    max_reference: integer({
      label: 'Most trusted samples used',
      help: 'Takes a random part of the trusted data where there are more',
      unit: 'samples',
      default: 10_000,
      min: 1,
      max: 10_000_000,
    }),
  },

  arrays: { means: 'float64', inverses: 'float64', constants: 'float64' },

  gather: ({ layers, trusted }, { max_reference: limit }, { stream }) =>
    gatherRows(trusted, layers, { limit, random: stream.derive('reference') }),

  async fitLayer(rows, { name, dims }, params, { stream, signal }) {
    const k = Math.min(params.components, rows.count);
    const random = stream.derive('start', name);
    const mixture = await bestMixture(ofLayer(rows.layers, name), dims, k, params, random, signal);
    return {
      means: matrix(mixture.means, dims),
      inverses: { shape: [k, dims, dims], data: mixture.inverses },
      constants: vector(mixture.constants),
    };
  },

  scoreLayer: (mixture, { x, dims }) => logDensities(mixture, x, dims).total.map((density) => -density / dims),
});

interface Options {
  covariance: 'full' | 'diag';
  max_rounds: number;
  tolerance: number;
  floor: number;
  starts: number;
}

/** The most likely of the mixtures that the starts lead to: each finds the top of the hill that it starts on. */
async function bestMixture(...[x, d, k, options, random, signal]: Parameters<typeof maximise>): Promise<Mixture> {
  let best = await maximise(x, d, k, options, random, signal);
  for (let start = 1; start < options.starts; start++) {
    const found = await maximise(x, d, k, options, random, signal);
    if (found.logLikelihood > best.logLikelihood) best = found;
  }
  return best.mixture;
}

/** Expectation maximisation from one start; the mean log density that it reached, in nats a sample. */
async function maximise(
  x: Float32Array,
  d: number,
  k: number,
  { covariance, max_rounds: maxRounds, tolerance, floor }: Options,
  random: RandomStream,
  signal: AbortSignal | undefined,
): Promise<{ mixture: Mixture; logLikelihood: number }> {
  const n = x.length / d;
  const added = floor * (meanVariance(x, d) || 1);
  const { of } = kMeans(x, d, k, { random });
  let shares = Array.from({ length: k }, (_, c) => Float64Array.from(of, (cluster) => (cluster === c ? 1 : 0)));
  let mixture = fitComponents(x, d, shares, covariance, added);
  let before = -Infinity;
  for (let round = 0; round < maxRounds; round++) {
    checkNotCancelled(signal, 'Fitting the mixture');
    // Lets a cancellation in: a round is all arithmetic.
    await new Promise((resolve) => setImmediate(resolve));
    const { total, joint } = logDensities(mixture, x, d);
    const now = total.reduce((sum, density) => sum + density / n, 0);
    if (now - before < tolerance) return { mixture, logLikelihood: now };
    before = now;
    shares = joint.map((densities) => densities.map((density, i) => Math.exp(density - total[i]!)));
    mixture = fitComponents(x, d, shares, covariance, added);
  }
  return { mixture, logLikelihood: before };
}

/**
 * Means, covariances and weights from each component's share of each row. A component without a share gets weight 0.
 */
function fitComponents(
  x: Float32Array,
  d: number,
  shares: readonly Float64Array[],
  covariance: 'full' | 'diag',
  floor: number,
): Mixture {
  const n = x.length / d;
  const mixture: Mixture = {
    means: new Float64Array(shares.length * d),
    inverses: new Float64Array(shares.length * d * d),
    constants: new Float64Array(shares.length),
  };
  shares.forEach((share, c) => {
    const { rows, weights, sum } = partOf(x, d, share);
    const mean = mixture.means.subarray(c * d, (c + 1) * d);
    if (sum === 0) {
      mixture.inverses.set(identity(d), c * d * d);
      mixture.constants[c] = -Infinity;
      return;
    }
    for (let at = 0; at < rows.length; at++) mean[at % d]! += (weights[Math.floor(at / d)]! * rows[at]!) / sum;
    const matrix = weightedGram(rows, d, weights, mean).map((value) => value / sum);
    if (covariance === 'diag') for (let at = 0; at < matrix.length; at++) if (at % (d + 1) !== 0) matrix[at] = 0;
    const { values, vectors } = symmetricEigenRows(matrix, d);
    // A singular covariance has eigenvalues of rounding, which may be negative: the floor is their least.
    const raised = values.map((value) => Math.max(value, 0) + floor);
    const logDeterminant = raised.reduce((total, value) => total + Math.log(2 * Math.PI * value), 0);
    mixture.inverses.set(
      weightedGram(
        vectors,
        d,
        raised.map((value) => 1 / value),
      ),
      c * d * d,
    );
    mixture.constants[c] = Math.log(sum / n) - logDeterminant / 2;
  });
  return mixture;
}

/** The rows of which a component has a share worth counting. */
function partOf(x: Float32Array, d: number, share: Float64Array) {
  const positions = [...share.keys()].filter((i) => share[i]! > NO_SHARE);
  const rows = new Float32Array(positions.length * d);
  positions.forEach((i, row) => rows.set(x.subarray(i * d, (i + 1) * d), row * d));
  const weights = Float64Array.from(positions, (i) => share[i]!);
  return { rows, weights, sum: weights.reduce((total, weight) => total + weight, 0) };
}

/** log p(x) `[n]`, and log(weight p) of each component, `[n]` each. */
function logDensities(
  { means, inverses, constants }: Mixture,
  x: Float32Array,
  d: number,
): { total: Float64Array; joint: Float64Array[] } {
  const joint = Array.from(constants, (constant, c) =>
    quadraticForms(x, means.subarray(c * d, (c + 1) * d), inverses.subarray(c * d * d, (c + 1) * d * d)).map(
      (form) => constant - form / 2,
    ),
  );
  const total = Float64Array.from({ length: x.length / d }, (_, i) => {
    let largest = -Infinity;
    for (const densities of joint) largest = Math.max(largest, densities[i]!);
    let sum = 0;
    for (const densities of joint) sum += Math.exp(densities[i]! - largest);
    return largest + Math.log(sum);
  });
  return { total, joint };
}

/** Mean over the dimensions of the variance of the rows `[n, d]`, divisor n. */
function meanVariance(x: Float32Array, d: number): number {
  const n = x.length / d;
  let sum = 0;
  for (let j = 0; j < d; j++) {
    let mean = 0;
    for (let at = j; at < x.length; at += d) mean += x[at]! / n;
    for (let at = j; at < x.length; at += d) sum += (x[at]! - mean) ** 2 / n;
  }
  return sum / d;
}
