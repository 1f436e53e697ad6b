import { integer } from '../../shared/schema/fields.ts';
import { defineDetector, doubles, floats, numberOf, type DetectorState, type LayerScores } from './detector.ts';
import { centredRows, meanRow, nearestRows, type Neighbours } from './nearest.ts';
import { gatherRows } from './rows.ts';

/** Added to every mean reachability distance, as scikit-learn does: without it k equal samples have infinite density. */
const SMALLEST_DISTANCE = 1e-10;

/**
 * Local outlier factor: how much sparser the surroundings of a sample are than those of its k nearest trusted samples
 * (Breunig et al., definitions 3 to 7; about 1 inside a cluster). Densities of the trusted samples leave each one out of
 * its own neighbours; new samples are compared with the trusted ones alone.
 *
 * A neighbourhood has exactly k samples (all but one of the trusted ones where there are fewer); the paper's takes in
 * all that are as far as the k-th.
 */
export const lof = defineDetector({
  id: 'lof',
  title: 'Local outlier factor',
  summary: 'Density around an activation against the density around its trusted neighbours',
  source: 'Breunig et al., SIGMOD 2000, doi 10.1145/335191.335388',
  needs: { trusted: true },
  params: {
    k: integer({ label: 'Neighbours', help: 'MinPts of the paper', default: 20, min: 1, max: 10_000 }),
    max_reference: integer({
      label: 'Most trusted samples kept',
      help: 'Takes a random part of the trusted data where there are more; time grows with the square',
      unit: 'samples',
      default: 10_000,
      min: 2,
      max: 10_000_000,
    }),
  },

  async fit({ layers, trusted }, params, { stream, signal }) {
    const random = stream.derive('reference');
    const rows = await gatherRows(trusted!, layers, { limit: params.max_reference, random, atLeast: 2 });
    const state: DetectorState = { tensors: {}, values: { k: params.k } };
    for (const { name, dims } of layers) {
      const mean = meanRow(rows.layers.get(name)!, dims);
      const reference = centredRows(rows.layers.get(name)!, mean);
      const neighbours = await nearestRows(reference, reference, dims, { k: params.k, leaveOut: true, signal });
      const { k, distances } = neighbours;
      const radii = Float64Array.from({ length: rows.count }, (_, i) => distances[i * k + k - 1]!);
      state.tensors[`${name}/mean`] = { shape: [dims], data: mean };
      state.tensors[`${name}/reference`] = { shape: [rows.count, dims], data: reference };
      state.tensors[`${name}/radii`] = { shape: [rows.count], data: radii };
      state.tensors[`${name}/densities`] = { shape: [rows.count], data: reachabilityDensities(neighbours, radii) };
    }
    return state;
  },

  async score(state, batch, { signal }) {
    const scores: LayerScores = new Map();
    for (const [name, x] of batch.layers) {
      const mean = doubles(state, `${name}/mean`);
      const neighbours = await nearestRows(centredRows(x, mean), floats(state, `${name}/reference`), mean.length, {
        k: Math.min(numberOf(state, 'k'), doubles(state, `${name}/radii`).length - 1),
        signal,
      });
      const own = reachabilityDensities(neighbours, doubles(state, `${name}/radii`));
      const densities = doubles(state, `${name}/densities`);
      scores.set(
        name,
        own.map((density, i) => meanOver(neighbours, i, (neighbour) => densities[neighbour]!) / density),
      );
    }
    return scores;
  },
});

/** One over the mean of `max(radius of the neighbour, distance to it)`, `[m]`. */
function reachabilityDensities(neighbours: Neighbours, radii: Float64Array): Float64Array {
  return Float64Array.from({ length: neighbours.indices.length / neighbours.k }, (_, i) => {
    const reach = meanOver(neighbours, i, (neighbour, distance) => Math.max(radii[neighbour]!, distance));
    return 1 / (reach + SMALLEST_DISTANCE);
  });
}

function meanOver({ k, indices, distances }: Neighbours, i: number, of: (row: number, distance: number) => number) {
  let sum = 0;
  for (let at = i * k; at < (i + 1) * k; at++) sum += of(indices[at]!, distances[at]!);
  return sum / k;
}
