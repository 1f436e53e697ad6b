import { integer } from '../../shared/schema/fields.ts';
import type { RandomStream } from '../tensor/random.ts';
import { defineDetector, doubles, integers, numberOf, type DetectorState, type LayerScores } from './detector.ts';
import { gatherRows } from './rows.ts';

/** Trees of a forest one after the other; children are numbers of nodes. */
interface Forest {
  /** Node at which each tree begins. */
  roots: number[];
  /** Activation that a node asks about, -1 in a leaf. */
  feature: number[];
  /** A sample goes left where its activation is below this. */
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
export const isolationForest = defineDetector({
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

  async fit({ layers, trusted }, params, { stream }) {
    const samples = Math.min(params.samples, trusted!.length);
    const limit = Math.min(trusted!.length, params.trees * samples);
    const rows = await gatherRows(trusted!, layers, { limit, random: stream.derive('samples') });
    const state: DetectorState = { tensors: {}, values: { normaliser: expectedPathLength(samples) } };
    for (const { name, dims } of layers) {
      const forest: Forest = { roots: [], feature: [], threshold: [], left: [], right: [], length: [] };
      for (let tree = 0; tree < params.trees; tree++) {
        const random = stream.derive(name, tree);
        const chosen = random.permutation(rows.count).subarray(0, samples);
        forest.roots.push(grow(forest, rows.layers.get(name)!, dims, chosen, Math.ceil(Math.log2(samples)), 0, random));
      }
      for (const key of ['roots', 'feature', 'left', 'right'] as const) {
        state.tensors[`${name}/${key}`] = { shape: [forest[key].length], data: Int32Array.from(forest[key]) };
      }
      for (const key of ['threshold', 'length'] as const) {
        state.tensors[`${name}/${key}`] = { shape: [forest[key].length], data: Float64Array.from(forest[key]) };
      }
    }
    return state;
  },

  score(state, batch) {
    const normaliser = numberOf(state, 'normaliser');
    const scores: LayerScores = new Map();
    for (const [name, x] of batch.layers) {
      const [roots, feature, left, right] = ['roots', 'feature', 'left', 'right'].map((key) =>
        integers(state, `${name}/${key}`),
      ) as [Int32Array, Int32Array, Int32Array, Int32Array];
      const threshold = doubles(state, `${name}/threshold`);
      const length = doubles(state, `${name}/length`);
      const d = x.length / batch.size;
      const of = new Float64Array(batch.size);
      for (let row = 0; row < batch.size; row++) {
        let total = 0;
        for (const root of roots) {
          let node = root;
          while (feature[node]! >= 0) {
            node = x[row * d + feature[node]!]! < threshold[node]! ? left[node]! : right[node]!;
          }
          total += length[node]!;
        }
        // One sample a tree has no path at all: nothing is said of anything.
        of[row] = normaliser === 0 ? 0.5 : 2 ** (-total / roots.length / normaliser);
      }
      scores.set(name, of);
    }
    return scores;
  },
});

/** Grows the tree of `rows` of `x` `[n, d]` into the forest; gives the number of its first node. */
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

/** Mean path length of an unsuccessful search in a binary search tree of n samples, equation 1: 2 H(n-1) - 2 (n-1)/n. */
export function expectedPathLength(n: number): number {
  if (n < 2) return 0;
  let harmonic = 0;
  for (let i = 1; i < n; i++) harmonic += 1 / i;
  return 2 * harmonic - (2 * (n - 1)) / n;
}
