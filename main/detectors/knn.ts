import { flag, integer } from '../../shared/schema/fields.ts';
import { defineDetector, doubles, floats, numberOf, type DetectorState, type LayerScores } from './detector.ts';
import { centredRows, meanRow, nearestRows, unitRows } from './nearest.ts';
import { gatherRows } from './rows.ts';

/**
 * Euclidean distance to the k-th nearest trusted sample, between activations of unit length (Sun et al., section 3: the
 * k-th, not the mean of k). The paper takes the layer before the logits, k = 50 for CIFAR-10 with all its training data,
 * and larger k or a random part of the data for more; here any layer, each on its own.
 *
 * Where fewer than k trusted samples are there, the furthest of them counts. An activation of zeros has no direction:
 * its distance to every other is 1.
 */
export const knn = defineDetector({
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

  async fit({ layers, trusted }, params, { stream }) {
    const rows = await gatherRows(trusted!, layers, {
      limit: params.max_reference,
      random: stream.derive('reference'),
    });
    const state: DetectorState = { tensors: {}, values: { k: params.k, normalize: params.normalize ? 1 : 0 } };
    for (const { name, dims } of layers) {
      const x = params.normalize ? unitRows(rows.layers.get(name)!, dims) : rows.layers.get(name)!;
      // Distances do not change, and the products they are found by lose the least.
      const mean = meanRow(x, dims);
      state.tensors[`${name}/mean`] = { shape: [dims], data: mean };
      state.tensors[`${name}/reference`] = { shape: [rows.count, dims], data: centredRows(x, mean) };
    }
    return state;
  },

  async score(state, batch, { signal }) {
    const scores: LayerScores = new Map();
    for (const [name, x] of batch.layers) {
      const mean = doubles(state, `${name}/mean`);
      const d = mean.length;
      const queries = centredRows(numberOf(state, 'normalize') === 1 ? unitRows(x, d) : x, mean);
      const reference = floats(state, `${name}/reference`);
      const { k, distances } = await nearestRows(queries, reference, d, { k: numberOf(state, 'k'), signal });
      scores.set(
        name,
        Float64Array.from({ length: batch.size }, (_, i) => distances[i * k + k - 1]!),
      );
    }
    return scores;
  },
});
