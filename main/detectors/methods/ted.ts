import { choice, flag, integer } from '../../../shared/schema/fields.ts';
import { MomentAccumulator } from '../../tensor/linalg/moments.ts';
import { symmetricEigenRows } from '../../tensor/linalg/symmetric-eigen.ts';
import { defineDetector, doubles, floats, numberOf, type DetectorState, type LayerScores } from '../detector.ts';
import { neighbourRanks, unitLayer } from '../parts/neighbour-ranks.ts';
import { gatherRows } from '../parts/rows.ts';

/** Axes along which the ranks of trusted data have less than this share of the largest variance are left out. */
const NEGLIGIBLE = 1e-10;

/**
 * Topological evolution dynamics, in the seed library's form for any model: the nearest trusted samples of an input in
 * one layer (by cosine) are looked up in every other layer, and their ranks there are compared with those of trusted
 * samples' own neighbours. Clean inputs keep their neighbours from layer to layer. The paper follows the nearest
 * neighbour of the predicted class alone; the seed library, and this, follow the `n_neighbors` nearest of any class.
 *
 * The vector of ranks (one a neighbour) is judged by its principal components (Shyu et al. 2003, equation 1): the sum
 * over components of squared coordinate over variance, after standardisation. pyod's PCA, which the seed library uses,
 * sums distances *to the axes as points*, which depends on their arbitrary signs; `compat` brings that back. Trusted
 * samples are ranked as new ones are, without themselves; with `compat` they count themselves as the nearest, as there.
 * Dividing the ranks by their number (the seed library's `normalize_ranks`) would change nothing: they are
 * standardised.
 *
 * The reference is a random part of the trusted data (`max_reference`): time and memory grow with its size.
 */
export const ted = defineDetector({
  id: 'ted',
  title: 'Topological evolution (TED)',
  summary: 'How the nearest trusted samples in one layer move away in the others',
  source: 'Mo et al., IEEE S&P 2024, arXiv 2312.02673; outlier score: Shyu et al. 2003',
  needs: { trusted: true, layers: 2 },
  params: {
    n_neighbors: integer({
      label: 'Neighbours',
      help: 'Nearest trusted samples that are followed through the layers',
      default: 10,
      min: 1,
      max: 1000,
    }),
    score_aggregation: choice({
      label: 'Combine neighbours by',
      help: 'How the outlier scores of the neighbours become one score',
      options: ['mean', 'max'],
      default: 'mean',
    }),
    max_reference: integer({
      label: 'Most reference samples',
      help: 'Takes a random part of the trusted data as reference where there is more',
      unit: 'samples',
      default: 5000,
      min: 3,
      max: 10_000_000,
    }),
    compat: flag({
      label: 'Match the Python library',
      help: "pyod's distances to the principal axes, and ranks of trusted samples that start at 1",
      default: false,
    }),
  },

  async fit({ layers, trusted }, params, { stream, signal }) {
    const k = params.n_neighbors;
    const rows = await gatherRows(trusted, layers, { limit: params.max_reference, random: stream, atLeast: k + 2 });
    const units = layers.map(({ name, dims }) => unitLayer(rows.layers.get(name)!, dims));
    const ranks = neighbourRanks(units, units, k, { leaveOut: true, signal });
    const state: DetectorState = {
      tensors: {},
      values: { n_neighbors: k, aggregation: params.score_aggregation, compat: params.compat ? 1 : 0 },
    };
    layers.forEach(({ name, dims }, l) => {
      const own = params.compat ? ranks[l]!.map((rank) => rank + 1) : ranks[l]!;
      const { mean, scale, axes, variances } = principalAxes(own, layers.length - 1);
      state.tensors[`${name}/reference`] = { shape: [rows.count, dims], data: rows.layers.get(name)! };
      state.tensors[`${name}/mean`] = { shape: [mean.length], data: mean };
      state.tensors[`${name}/scale`] = { shape: [mean.length], data: scale };
      state.tensors[`${name}/axes`] = { shape: [variances.length, mean.length], data: axes };
      state.tensors[`${name}/variances`] = { shape: [variances.length], data: variances };
    });
    return state;
  },

  score(state, batch, { signal }) {
    const names = [...batch.layers.keys()];
    const unitsOf = (x: (name: string) => Float32Array) =>
      names.map((name) => unitLayer(x(name), batch.layers.get(name)!.length / batch.size));
    const k = numberOf(state, 'n_neighbors');
    const ranks = neighbourRanks(
      unitsOf((name) => batch.layers.get(name)!),
      unitsOf((name) => floats(state, `${name}/reference`)),
      k,
      { signal },
    );
    const outlierScore = numberOf(state, 'compat') === 1 ? distanceToAxes : principalDistance;
    const scores: LayerScores = new Map();
    names.forEach((name, l) => {
      const mean = doubles(state, `${name}/mean`);
      const scale = doubles(state, `${name}/scale`);
      const axes = doubles(state, `${name}/axes`);
      const variances = doubles(state, `${name}/variances`);
      const size = mean.length;
      const each = Float64Array.from({ length: batch.size * k }, (_, at) => {
        const standardised = mean.map((value, j) => (ranks[l]![at * size + j]! - value) / scale[j]!);
        return outlierScore(standardised, axes, variances);
      });
      scores.set(name, combined(each, k, state.values['aggregation'] === 'max'));
    });
    return scores;
  },
});

/** Mean or largest of each k values in a row. */
function combined(values: Float64Array, k: number, isMax: boolean): Float64Array {
  return Float64Array.from({ length: values.length / k }, (_, row) => {
    const own = values.subarray(row * k, (row + 1) * k);
    return isMax ? Math.max(...own) : own.reduce((sum, value) => sum + value, 0) / k;
  });
}

/**
 * Standardisation and principal components of rows `[n, size]`: mean, standard deviation (divisor n; 1 if a rank never
 * changes), axes in rows by falling variance. If no rank ever changes there is no axis, and every score is 0.
 */
function principalAxes(rows: Float64Array, size: number) {
  const moments = new MomentAccumulator(size);
  const n = rows.length / size;
  moments.update(rows, n);
  const covariance = moments.covariance();
  const scale = moments.mean.map((_, j) => Math.sqrt((covariance[j * size + j]! * (n - 1)) / n) || 1);
  const correlation = covariance.map((value, at) => value / (scale[at % size]! * scale[Math.floor(at / size)]!));
  const { values, vectors } = symmetricEigenRows(correlation, size);
  const kept = [...values.keys()].reverse().filter((i) => values[i]! > NEGLIGIBLE * values.at(-1));
  const axes = new Float64Array(kept.length * size);
  kept.forEach((i, row) => axes.set(vectors.subarray(i * size, (i + 1) * size), row * size));
  return { mean: moments.mean, scale, axes, variances: Float64Array.from(kept, (i) => values[i]!) };
}

/** Sum over axes of squared coordinate over variance: the same whatever the signs of the axes. */
function principalDistance(z: Float64Array, axes: Float64Array, variances: Float64Array): number {
  let sum = 0;
  variances.forEach((variance, i) => {
    let along = 0;
    z.forEach((value, j) => (along += value * axes[i * z.length + j]!));
    sum += (along * along) / variance;
  });
  return sum;
}

/** pyod's score: sum over axes of the distance from z to the axis as a point, over the axis' share of the variance. */
function distanceToAxes(z: Float64Array, axes: Float64Array, variances: Float64Array): number {
  const total = variances.reduce((sum, variance) => sum + variance, 0);
  let sum = 0;
  variances.forEach((variance, i) => {
    let square = 0;
    z.forEach((value, j) => (square += (value - axes[i * z.length + j]!) ** 2));
    sum += (Math.sqrt(square) * total) / variance;
  });
  return sum;
}
