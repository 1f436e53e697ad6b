import { integer } from '../../../shared/schema/fields.ts';
import { defineLayerDetector, matrix, vector } from '../layer-detector.ts';
import { ofLayer } from '../parts/by-layer.ts';
import { centredRows, meanRow, nearestRows, type Neighbours } from '../parts/nearest.ts';
import { gatherRows } from '../parts/rows.ts';

/**
 * This share of the mean radius is added to every mean reachability distance: without it k equal samples have infinite
 * density. scikit-learn adds 1e-10 itself, whatever the scale.
 */
const SMALLEST_SHARE = 1e-10;

/**
 * Local outlier factor: how much sparser the surroundings of a sample are than those of its k nearest trusted samples
 * (Breunig et al., definitions 3 to 7; about 1 inside a cluster). Densities of the trusted samples leave each one out
 * of its own neighbours; new samples are compared with the trusted ones alone.
 *
 * A neighbourhood has exactly k samples (all but one of the trusted ones if there are fewer); the paper's takes in
 * all that are as far as the k-th.
 */
export const lof = defineLayerDetector({
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

  arrays: { mean: 'float64', reference: 'float32', radii: 'float64', densities: 'float64' },
  values: { k: 'number' },

  gather: ({ layers, trusted }, { max_reference: limit }, { stream }) =>
    gatherRows(trusted, layers, { limit, random: stream.derive('reference'), atLeast: 2 }),

  keep: ({ k }) => ({ k }),

  async fitLayer(rows, { name, dims }, params, { signal }) {
    const x = ofLayer(rows.layers, name);
    const mean = meanRow(x, dims);
    const reference = centredRows(x, mean);
    const neighbours = await nearestRows(reference, reference, dims, { k: params.k, leaveOut: true, signal });
    const { k, distances } = neighbours;
    const radii = Float64Array.from({ length: rows.count }, (_, i) => distances[i * k + k - 1]!);
    return {
      mean: vector(mean),
      reference: matrix(reference, dims),
      radii: vector(radii),
      densities: vector(reachabilityDensities(neighbours, radii)),
    };
  },

  async scoreLayer({ mean, reference, radii, densities }, { x, dims, values }, { signal }) {
    const k = Math.min(values.k, radii.length - 1);
    const neighbours = await nearestRows(centredRows(x, mean), reference, dims, { k, signal });
    const own = reachabilityDensities(neighbours, radii);
    return own.map((density, i) => meanOver(neighbours, i, (neighbour) => densities[neighbour]!) / density);
  },
});

/** One over the mean of `max(radius of the neighbour, distance to it)`, `[m]`. */
function reachabilityDensities(neighbours: Neighbours, radii: Float64Array): Float64Array {
  const least = SMALLEST_SHARE * (radii.reduce((sum, radius) => sum + radius / radii.length, 0) || 1);
  return Float64Array.from({ length: neighbours.indices.length / neighbours.k }, (_, i) => {
    const reach = meanOver(neighbours, i, (neighbour, distance) => Math.max(radii[neighbour]!, distance));
    return 1 / (reach + least);
  });
}

function meanOver({ k, indices, distances }: Neighbours, i: number, of: (row: number, distance: number) => number) {
  let sum = 0;
  for (let at = i * k; at < (i + 1) * k; at++) sum += of(indices[at]!, distances[at]!);
  return sum / k;
}
