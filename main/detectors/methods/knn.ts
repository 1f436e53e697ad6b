import { flag, integer } from '../../../shared/schema/fields.ts';
import { defineLayerDetector, matrix, vector } from '../layer-detector.ts';
import { ofLayer } from '../parts/by-layer.ts';
import { centredRows, meanRow, nearestRows, unitRows } from '../parts/nearest.ts';
import { gatherRows } from '../parts/rows.ts';

/**
 * Euclidean distance to the k-th nearest trusted sample, between activations of unit length (Sun et al., section 3: the
 * k-th, not the mean of k). The paper takes the layer before the logits, k = 50 for CIFAR-10 with all its training
 * data, and larger k or a random part of the data for more; here any layer, each on its own.
 *
 * If there are fewer than k trusted samples, the furthest of them counts. An activation of zeros has no direction:
 * its distance to every other is 1.
 */
export const knn = defineLayerDetector({
  id: 'knn',
  title: 'k-th nearest neighbour',
  summary: 'Distance to the k-th nearest trusted activation',
  source: 'Sun et al., ICML 2022, arXiv 2204.06507',
  needs: { trusted: true },
  params: {
    k: integer({
      label: 'k',
      help: 'Which neighbour, counted from the nearest',
      default: 50,
      min: 1,
      max: 100_000,
    }),
    normalize: flag({
      label: 'Unit length',
      help: 'Compare directions: activations are scaled to length 1 first',
      default: true,
    }),
    max_reference: integer({
      label: 'Most trusted samples kept',
      help: 'Takes a random part of the trusted data where there are more; all that is kept is stored with the detector',
      unit: 'samples',
      default: 60_000,
      min: 1,
      max: 10_000_000,
    }),
  },

  arrays: { mean: 'float64', reference: 'float32' },
  values: { k: 'number', normalize: 'number' },

  gather: ({ layers, trusted }, { max_reference: limit }, { stream }) =>
    gatherRows(trusted, layers, { limit, random: stream.derive('reference') }),

  keep: ({ k, normalize }) => ({ k, normalize: normalize ? 1 : 0 }),

  fitLayer(rows, { name, dims }, { normalize }) {
    const x = ofLayer(rows.layers, name);
    const compared = normalize ? unitRows(x, dims) : x;
    // Distances do not change, and the products they are found by lose the least.
    const mean = meanRow(compared, dims);
    return { mean: vector(mean), reference: matrix(centredRows(compared, mean), dims) };
  },

  async scoreLayer({ mean, reference }, { x, size, dims, values }, { signal }) {
    const queries = centredRows(values.normalize === 1 ? unitRows(x, dims) : x, mean);
    const { k, distances } = await nearestRows(queries, reference, dims, { k: values.k, signal });
    return Float64Array.from({ length: size }, (_, i) => distances[i * k + k - 1]!);
  },
});
