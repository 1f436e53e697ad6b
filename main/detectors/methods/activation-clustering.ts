import { choice, integer, number } from '../../../shared/schema/fields.ts';
import { projectRows } from '../../tensor/linalg/products.ts';
import type { RandomStream } from '../../tensor/random.ts';
import { defineLayerDetector } from '../layer-detector.ts';
import { ofLayer } from '../parts/by-layer.ts';
import { classLines, lineArrays, lineBetween, scoreByLines, type SplitClass } from '../parts/class-directions.ts';
import { kMeans, type Clusters } from '../parts/k-means.ts';
import { principalAxes } from '../parts/principal-axes.ts';
import { gatherRows, positionsByGroup, takeRows } from '../parts/rows.ts';

/**
 * Activation clustering: the untrusted activations of each predicted class are reduced to a few independent components
 * and split into two clusters; if the smaller one is small enough, it is taken for poison (Chen et al., algorithm 1
 * and section 4.2). k-means sees distances alone, and independent components are whitened principal components, turned:
 * the whitening yields the same clusters, so no rotation is sought.
 *
 * The paper marks the samples it has clustered. To score any input, which is ours: its place between the centre of the
 * large (0) and of the small cluster (1) of its predicted class, times the mean silhouette of the clusters (by
 * distances to the centres, 0 to 1), and 0 if the smaller cluster is not small.
 */
export const activationClustering = defineLayerDetector({
  id: 'activation-clustering',
  title: 'Activation clustering',
  summary: 'Nearness to a small cluster among the untrusted activations of the predicted class',
  source: 'Chen et al., SafeAI 2019, arXiv 1811.03728',
  needs: { untrusted: true, logits: true },
  params: {
    components: integer({
      label: 'Components',
      help: 'Dimensions that the activations of a class are reduced to',
      default: 10,
      min: 1,
      max: 1000,
    }),
    reduction: choice({
      label: 'Reduction',
      help: 'Independent components as in the paper, or principal components in their own scale',
      options: ['ica', 'pca'],
      titles: { ica: 'ICA', pca: 'PCA' },
      default: 'ica',
    }),
    size_threshold: number({
      label: 'Largest share of poison',
      help: 'A smaller cluster above this share of its class is not suspicious',
      default: 0.35,
      min: 0,
      max: 0.5,
    }),
    starts: integer({ label: 'Starts', help: 'Runs of k-means; the best counts', default: 50, min: 1, max: 1000 }),
    max_reference: integer({
      label: 'Most untrusted samples used',
      help: 'Takes a random part of the untrusted data where there are more',
      unit: 'samples',
      default: 60_000,
      min: 1,
      max: 10_000_000,
    }),
  },

  arrays: lineArrays,

  gather: ({ layers, untrusted }, { max_reference: limit }, { stream }) =>
    gatherRows(untrusted, layers, { limit, random: stream.derive('reference') }),

  fitLayer(rows, { name, dims }, params, { stream }) {
    const lines = positionsByGroup(rows.predicted, rows.classes).map((positions, k) =>
      splitClass(takeRows(ofLayer(rows.layers, name), dims, positions), dims, params, stream.derive(name, k)),
    );
    return classLines(lines, dims);
  },

  scoreLayer: scoreByLines,
});

interface Options {
  components: number;
  reduction: 'ica' | 'pca';
  size_threshold: number;
  starts: number;
}

/** The line of a class; none where its rows are all alike, too few for their components, or its smaller cluster is not small. */
function splitClass(x: Float32Array, d: number, options: Options, random: RandomStream): SplitClass | undefined {
  const n = x.length / d;
  if (n < 3) return undefined;
  const { mean, axes, variances } = principalAxes(x, d, options.components);
  const k = variances.length;
  if (k === 0) return undefined;
  // With as many whitened components as rows have, each row is equally far from every other: rounding alone would part them.
  if (options.reduction === 'ica' && k >= n - 1) return undefined;
  const scaled =
    options.reduction === 'pca' ? axes : axes.map((value, at) => value / Math.sqrt(variances[Math.floor(at / d)]!));
  const reduced = projectRows(x, mean, scaled);
  const clusters = kMeans(reduced, k, 2, { random, starts: options.starts });
  const ones = clusters.of.reduce((sum, cluster) => sum + cluster, 0);
  const small = ones <= n - ones ? 1 : 0;
  const share = Math.min(ones, n - ones) / n;
  if (share === 0 || share > options.size_threshold) return undefined;
  const centre = (cluster: number) => clusters.centres.subarray(cluster * k, (cluster + 1) * k);
  return lineBetween(centre(1 - small), centre(small), scaled, mean, silhouette(reduced, k, clusters));
}

/** Mean of (b - a) / max(a, b) with the distances a to the own and b to the other of two centres, 0 to 1. */
function silhouette(x: Float64Array, k: number, { centres, of }: Clusters): number {
  const distance = (row: number, cluster: number) => {
    let sum = 0;
    for (let j = 0; j < k; j++) sum += (x[row * k + j]! - centres[cluster * k + j]!) ** 2;
    return Math.sqrt(sum);
  };
  const total = of.reduce((sum, cluster, row) => {
    const own = distance(row, cluster);
    const other = distance(row, 1 - cluster);
    return sum + (other > 0 ? (other - own) / other : 0);
  }, 0);
  return Math.max(0, total / of.length);
}
