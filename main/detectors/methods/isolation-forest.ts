import { integer } from '../../../shared/schema/fields.ts';
import type { RandomStream } from '../../tensor/random.ts';
import { defineLayerDetector, vector } from '../layer-detector.ts';
import { ofLayer } from '../parts/by-layer.ts';
import { gatherRows } from '../parts/rows.ts';

/** Trees of a forest one after the other; children are numbers of nodes. */
interface Forest {
  /** Node at which each tree begins. */
  roots: number[];
  /** Activation that a node asks about, -1 in a leaf. */
  feature: number[];
  /** A sample goes left if its activation is below this. */
  threshold: number[];
  left: number[];
  right: number[];
  /** Path length from the root to a leaf, with the expected rest for the samples that share it; 0 elsewhere. */
  length: number[];
}

/**
 * Isolation forest (Liu et al., algorithms 1 to 3): trees that split a random part of the trusted samples at random
 * places; anomalies are alone after few splits. The score is `2^(-E[h] / c(psi))`, 0 to 1, with the mean path length h
 * and its expected value c in a binary search tree of the sub-sample's size psi (harmonic numbers summed, not
 * approximated).
 *
 * A split asks only about activations that differ among the samples of its node; the paper would waste it on constant
 * ones. Each tree draws its own samples without replacement.
 */
export const isolationForest = defineLayerDetector({
  id: 'isolation-forest',
  title: 'Isolation forest',
  summary: 'How few random splits set an activation apart from trusted ones',
  source: 'Liu, Ting & Zhou, ICDM 2008, doi 10.1109/ICDM.2008.17',
  needs: { trusted: true },
  params: {
    trees: integer({ label: 'Trees', help: 'Trees in the forest', default: 100, min: 1, max: 10_000 }),
    samples: integer({
      label: 'Samples a tree',
      help: 'Trusted samples that each tree is grown on; all of them where there are fewer',
      unit: 'samples',
      default: 256,
      min: 2,
      max: 1_000_000,
    }),
  },

  arrays: {
    roots: 'int32',
    feature: 'int32',
    left: 'int32',
    right: 'int32',
    threshold: 'float64',
    length: 'float64',
  },
  values: { normaliser: 'number' },

  async gather({ layers, trusted }, params, { stream }) {
    const samples = Math.min(params.samples, trusted.length);
    const limit = Math.min(trusted.length, params.trees * samples);
    return { samples, rows: await gatherRows(trusted, layers, { limit, random: stream.derive('samples') }) };
  },

  keep: (_, { samples }) => ({ normaliser: expectedPathLength(samples) }),

  fitLayer({ samples, rows }, { name, dims }, { trees }, { stream }) {
    const forest: Forest = { roots: [], feature: [], threshold: [], left: [], right: [], length: [] };
    const height = Math.ceil(Math.log2(samples));
    for (let tree = 0; tree < trees; tree++) {
      const random = stream.derive(name, tree);
      const chosen = random.permutation(rows.count).subarray(0, samples);
      forest.roots.push(grow(forest, ofLayer(rows.layers, name), dims, chosen, height, 0, random));
    }
    return {
      roots: vector(Int32Array.from(forest.roots)),
      feature: vector(Int32Array.from(forest.feature)),
      left: vector(Int32Array.from(forest.left)),
      right: vector(Int32Array.from(forest.right)),
      threshold: vector(Float64Array.from(forest.threshold)),
      length: vector(Float64Array.from(forest.length)),
    };
  },

  scoreLayer({ roots, feature, left, right, threshold, length }, { x, size, dims, values: { normaliser } }) {
    const scores = new Float64Array(size);
    for (let row = 0; row < size; row++) {
      let total = 0;
      for (const root of roots) {
        let node = root;
        while (feature[node]! >= 0) {
          node = x[row * dims + feature[node]!]! < threshold[node]! ? left[node]! : right[node]!;
        }
        total += length[node]!;
      }
      // With one sample per tree there are no paths, so no input is anomalous.
      scores[row] = normaliser === 0 ? 0.5 : 2 ** (-total / roots.length / normaliser);
    }
    return scores;
  },
});

/** Grows the tree of `rows` of `x` `[n, d]` into the forest. Returns the number of its first node. */
function grow(
  forest: Forest,
  x: Float32Array,
  d: number,
  rows: Int32Array,
  height: number,
  depth: number,
  random: RandomStream,
): number {
  const node = forest.feature.push(-1) - 1;
  forest.threshold.push(0);
  forest.left.push(0);
  forest.right.push(0);
  forest.length.push(0);
  const split = depth < height && rows.length > 1 ? randomSplit(x, d, rows, random) : undefined;
  if (!split) {
    forest.length[node] = depth + expectedPathLength(rows.length);
    return node;
  }
  const isLeft = (row: number) => x[row * d + split.feature]! < split.threshold;
  forest.feature[node] = split.feature;
  forest.threshold[node] = split.threshold;
  forest.left[node] = grow(forest, x, d, rows.filter(isLeft), height, depth + 1, random);
  forest.right[node] = grow(
    forest,
    x,
    d,
    rows.filter((row) => !isLeft(row)),
    height,
    depth + 1,
    random,
  );
  return node;
}

/** An activation that is not constant over the rows, and a place between its least and its largest value. */
function randomSplit(x: Float32Array, d: number, rows: Int32Array, random: RandomStream) {
  // Features are tried in random order, which draws one at random from those that are not constant.
  for (const feature of random.permutation(d)) {
    let least = Infinity;
    let largest = -Infinity;
    for (const row of rows) {
      const value = x[row * d + feature]!;
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
    if (!(largest > least)) continue;
    const threshold = least + random.uniform() * (largest - least);
    // The least value must go left, so that neither side is empty.
    return { feature, threshold: threshold > least ? threshold : largest };
  }
  return undefined;
}

/**
 * Mean path length of an unsuccessful search in a binary search tree of n samples, equation 1: 2 H(n-1) - 2 (n-1)/n.
 */
export function expectedPathLength(n: number): number {
  if (n < 2) return 0;
  let harmonic = 0;
  for (let i = 1; i < n; i++) harmonic += 1 / i;
  return 2 * harmonic - (2 * (n - 1)) / n;
}
