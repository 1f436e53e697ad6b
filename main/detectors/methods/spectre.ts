import { integer, number } from '../../../shared/schema/fields.ts';
import { checkNotCancelled } from '../../data/cancellation.ts';
import { MomentAccumulator } from '../../tensor/linalg/moments.ts';
import { projectRows, times, trace } from '../../tensor/linalg/products.ts';
import { symmetricFunction } from '../../tensor/linalg/symmetric-function.ts';
import { doubles, defineDetector, type DetectorState, type LayerScores } from '../detector.ts';
import { classCount, predictedClasses } from '../parts/predictions.ts';
import { principalAxes } from '../parts/principal-axes.ts';
import { quantumEntropyForm } from '../parts/quantum-entropy.ts';
import { robustSubset, whitening } from '../parts/robust-covariance.ts';
import { gatherRows, positionsByGroup, takeRows } from '../parts/rows.ts';

/** Shares of the poison fraction that the robust estimate may drop, and that the dimension search takes for poison. */
const DROPPED = 2;
const TAKEN = 1.5;

/**
 * SPECTRE: the untrusted activations of each predicted class, projected to k principal components, are whitened by a
 * robust estimate of the clean covariance, which leaves the poison with more variance than 1 wherever it has a
 * direction of its own; the score is their quantum entropy `y^T exp(alpha (S - I) / (|S| - 1)) y` over the trace of the
 * exponential (Hayase et al., algorithms 1 and 2). About 1 on average for clean inputs, and 1 for a class with fewer
 * than 3 untrusted samples.
 *
 * The dimension k is searched per class: for each candidate the samples that score highest are taken for poison, all
 * are whitened by the rest in all dimensions, and the k that leaves the largest mean quantum entropy wins. As in the
 * authors' code k = 1 goes without the robust estimate. Ours: every predicted class is treated alike where the paper
 * knows the target class.
 */
export const spectre = defineDetector({
  id: 'spectre',
  title: 'SPECTRE',
  summary: 'Quantum entropy of untrusted activations of the predicted class under a robust covariance',
  source: 'Hayase et al., ICML 2021, arXiv 2104.11315; filter: Diakonikolas et al., ICML 2017, arXiv 1703.00893',
  needs: { untrusted: true, logits: true },
  params: {
    poison_fraction: number({
      label: 'Poison fraction',
      help: 'Share of the untrusted samples of a class that may be poisoned at most',
      default: 0.1,
      min: 0.001,
      max: 0.3,
    }),
    alpha: number({
      label: 'Alpha',
      help: 'From the mean over all directions (0) to the direction of most variance alone (large)',
      default: 4,
      min: 0,
      max: 100,
    }),
    max_components: integer({
      label: 'Most components',
      help: 'Largest number of principal components that is tried',
      default: 100,
      min: 1,
      max: 1000,
    }),
    steps: integer({
      label: 'Numbers tried',
      help: 'How many numbers of components are tried, evenly spaced in their square root',
      default: 10,
      min: 1,
      max: 100,
    }),
    max_class_rows: integer({
      label: 'Most samples a class',
      help: 'Takes a random part of the untrusted samples of a class where there are more',
      unit: 'samples',
      default: 2000,
      min: 3,
      max: 1_000_000,
    }),
  },

  async fit({ layers, untrusted }, params, { stream, signal }) {
    const rows = await gatherRows(untrusted, layers, { random: stream.derive('reference') });
    const state: DetectorState = { tensors: {}, values: {} };
    for (const { name, dims } of layers) {
      for (const [k, all] of positionsByGroup(rows.predicted, rows.classes).entries()) {
        checkNotCancelled(signal, 'Fitting');
        // Lets a cancellation in: a class is all arithmetic.
        await new Promise((resolve) => setImmediate(resolve));
        const order = stream.derive('class', k).permutation(all.length).subarray(0, params.max_class_rows);
        const x = takeRows(
          rows.layers.get(name)!,
          dims,
          Array.from(order.sort(), (i) => all[i]!),
        );
        const { mean, factor } = fitClass(x, dims, params);
        state.tensors[`${name}/${k}/mean`] = { shape: [dims], data: mean };
        state.tensors[`${name}/${k}/factor`] = { shape: [factor.length / dims, dims], data: factor };
      }
    }
    return state;
  },

  score(state, batch) {
    const scores: LayerScores = new Map();
    const groups = positionsByGroup(predictedClasses(batch), classCount(batch));
    for (const [name, x] of batch.layers) {
      const d = x.length / batch.size;
      const of = new Float64Array(batch.size).fill(1);
      groups.forEach((rows, k) => {
        const factor = doubles(state, `${name}/${k}/factor`);
        if (rows.length === 0 || factor.length === 0) return;
        const entropies = squaredLengths(
          projectRows(takeRows(x, d, rows), doubles(state, `${name}/${k}/mean`), factor),
          factor.length / d,
        );
        rows.forEach((row, i) => (of[row] = entropies[i]!));
      });
      scores.set(name, of);
    }
    return scores;
  },
});

interface Options {
  poison_fraction: number;
  alpha: number;
  max_components: number;
  steps: number;
}

/** A class's score is the squared length of `factor (x - mean)`; an empty factor if nothing can be learned. */
interface ClassScore {
  mean: Float64Array;
  /** `[k, d]`. */
  factor: Float64Array;
}

function fitClass(x: Float32Array, d: number, options: Options): ClassScore {
  const n = x.length / d;
  const nothing = { mean: new Float64Array(d), factor: new Float64Array(0) };
  if (n < 3) return nothing;
  const { mean, axes, variances } = principalAxes(x, d, Math.min(options.max_components, n - 1));
  const most = variances.length;
  if (most === 0) return nothing;
  const projected = Float32Array.from(projectRows(x, mean, axes));
  let best: { scorer: Scorer; k: number; excess: number } | undefined;
  for (const k of candidates(most, options.steps)) {
    const y = leadingColumns(projected, most, k);
    const scorer = entropyScorer(y, k, options);
    const excess = meanEntropy(projected, most, leastSuspicious(y, k, scorer, options.poison_fraction), options.alpha);
    if (!best || excess > best.excess) best = { scorer, k, excess };
  }
  const { scorer, k } = best!;
  // The scorer works about its own mean in the projected space; taken back into the space of the activations.
  const used = axes.subarray(0, k * d);
  const shifted = mean.map((value, j) => {
    let sum = value;
    for (let i = 0; i < k; i++) sum += scorer.mean[i]! * used[i * d + j]!;
    return sum;
  });
  return { mean: shifted, factor: times(scorer.factor, used, k) };
}

/** Numbers of components from 1 to `most`, evenly spaced in their square root, without repetition. */
function candidates(most: number, steps: number): number[] {
  const root = Math.sqrt(most);
  const spaced = Array.from({ length: steps }, (_, i) => (steps === 1 ? root : 1 + ((root - 1) * i) / (steps - 1)));
  return [...new Set(spaced.map((value) => Math.round(value * value)))];
}

/** Scores rows `[n, k]` by the squared length of `factor (y - mean)`. */
interface Scorer {
  mean: Float64Array;
  /** `[k, k]`. */
  factor: Float64Array;
}

/** Quantum entropy scores under the robust covariance of `y` `[n, k]`. */
function entropyScorer(y: Float32Array, k: number, { poison_fraction: fraction, alpha }: Options): Scorer {
  const n = y.length / k;
  const clean =
    k === 1 ? y : takeRows(y, k, robustSubset(y, k, { fraction, limit: Math.round(DROPPED * fraction * n) }));
  const { mean, root } = whitening(clean, k);
  const form = quantumEntropyForm(covarianceOf(projectRows(y, mean, root), k), k, alpha);
  const half = symmetricFunction(form, k, (value) => Math.sqrt(Math.max(value, 0)));
  return { mean, factor: times(half, root, k) };
}

/** The rows that are left when those with the highest scores are taken for poison. */
function leastSuspicious(y: Float32Array, k: number, { mean, factor }: Scorer, fraction: number): Int32Array {
  const scores = squaredLengths(projectRows(y, mean, factor), k);
  const order = Int32Array.from(scores.keys()).sort((i, j) => scores[i]! - scores[j]!);
  return order.subarray(0, Math.max(2, scores.length - Math.round(TAKEN * fraction * scores.length))).sort();
}

/** Mean quantum entropy of all rows `[n, k]`, whitened by those at `kept`: `tr(S Q)` for their covariance S. */
function meanEntropy(x: Float32Array, k: number, kept: Int32Array, alpha: number): number {
  const { mean, root } = whitening(takeRows(x, k, kept), k);
  const s = covarianceOf(projectRows(x, mean, root), k);
  const form = quantumEntropyForm(s, k, alpha);
  return trace(times(s, form, k), k);
}

function covarianceOf(y: Float64Array, k: number): Float64Array {
  const moments = new MomentAccumulator(k);
  moments.update(y, y.length / k);
  return moments.covariance();
}

function leadingColumns(x: Float32Array, from: number, k: number): Float32Array {
  const n = x.length / from;
  const columns = new Float32Array(n * k);
  for (let i = 0; i < n; i++) columns.set(x.subarray(i * from, i * from + k), i * k);
  return columns;
}

/** Squared length of each row `[n, k]`. */
function squaredLengths(y: Float64Array, k: number): Float64Array {
  return Float64Array.from({ length: y.length / k }, (_, i) => {
    let sum = 0;
    for (let at = i * k; at < (i + 1) * k; at++) sum += y[at]! * y[at]!;
    return sum;
  });
}
