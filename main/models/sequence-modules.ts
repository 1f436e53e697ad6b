import * as tf from '@tensorflow/tfjs-core';
import { linear, relu, scaleAndShift, sequential, type Module } from './modules.ts';

/** What keeps the root from zero, as PyTorch's default. */
const layerNormEpsilon = 1e-5;

const leaf = { children: () => [] };

/**
 * Tokens `[n, length]` (whole numbers of 0 to vocabulary - 1) to vectors `[n, length, width]`: a learned vector for the
 * token plus one for its position. A number outside the vocabulary has the vector of zero.
 */
export function tokenEmbedding(vocabulary: number, width: number): Module {
  // PyTorch draws embeddings from N(0, 1); GPT's small ones (here U(-0.05, 0.05)) train more steadily in a pre-norm
  // network.
  const fanIn = 400;
  return {
    ...leaf,
    kind: 'embedding',
    outputShape: ([length]) => [length!, width],
    parameters: ([length]) => [
      { name: 'token.weight', shape: [vocabulary, width], toTorch: [0, 1], fanIn },
      { name: 'position.weight', shape: [length!, width], toTorch: [0, 1], fanIn },
    ],
    forward: (x, call) => {
      const [n, length] = x.shape as [number, number];
      // As a product, whose gradient the engines have; looking rows up has none there.
      const chosen = tf.cast(tf.oneHot(tf.cast(tf.reshape(x, [-1]), 'int32'), vocabulary), 'float32');
      const vectors = tf.matMul(chosen, call.weight('token.weight'));
      return tf.add(tf.reshape(vectors, [n, length, width]), call.weight('position.weight'));
    },
  };
}

/** Each vector along the last axis brought to mean 0 and variance 1, times a weight plus a bias (Ba et al. 2016). */
export function layerNorm(): Module {
  return {
    ...leaf,
    kind: 'norm',
    outputShape: (input) => input,
    parameters: scaleAndShift,
    forward: (x, call) => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      const variance = tf.mean(tf.square(centred), -1, true);
      const unit = tf.mul(centred, tf.rsqrt(tf.add(variance, layerNormEpsilon)));
      return tf.add(tf.mul(unit, call.weight('weight')), call.weight('bias'));
    },
  };
}

/** Self-attention in which a position sees itself and those before it (Vaswani et al. 2017, section 3.2). */
function causalSelfAttention(width: number, heads: number): Module {
  const projection = linear(width);
  const size = width / heads;
  return {
    kind: 'attention',
    outputShape: (input) => input,
    parameters: () => [],
    children: (input) => ['query', 'key', 'value', 'out'].map((name) => ({ name, module: projection, input })),
    forward: (x, call) => {
      const [n, length] = x.shape as [number, number];
      const ofHeads = (name: string) =>
        tf.transpose(tf.reshape(call.child(name, projection, x), [n, length, heads, size]), [0, 2, 1, 3]);
      const [query, key, value] = [ofHeads('query'), ofHeads('key'), ofHeads('value')];
      const affinity = tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(size));
      const attention = tf.softmax(tf.add(affinity, laterPositions(length)));
      const mixed = tf.transpose(tf.matMul(attention, value), [0, 2, 1, 3]);
      return call.child('out', projection, tf.reshape(mixed, [n, length, width]));
    },
  };
}

/** `[length, length]`: 0 if the column is no later than the row, else so low that softmax gives exactly 0. */
function laterPositions(length: number): tf.Tensor2D {
  return tf.tensor2d(
    Float32Array.from({ length: length * length }, (_, i) => (i % length > Math.floor(i / length) ? -1e9 : 0)),
    [length, length],
  );
}

/** Attention, then two dense layers with ReLU, each on normalised input and added to what it got (pre-norm). */
export function transformerBlock(width: number, heads: number): Module {
  const modules: Record<string, Module> = {
    ln_1: layerNorm(),
    attention: causalSelfAttention(width, heads),
    ln_2: layerNorm(),
    mlp: sequential({ linear_0: linear(4 * width), relu_0: relu(), linear_1: linear(width) }),
  };
  return {
    kind: 'container',
    outputShape: (input) => input,
    parameters: () => [],
    children: (input) => Object.entries(modules).map(([name, module]) => ({ name, module, input })),
    forward: (x, call) => {
      const run = (name: string, value: tf.Tensor) => call.child(name, modules[name]!, value);
      const attended = tf.add(x, run('attention', run('ln_1', x)));
      return tf.add(attended, run('mlp', run('ln_2', attended)));
    },
  };
}

/** The vector of the last position, `[n, length, width]` to `[n, width]`. */
export function lastPosition(): Module {
  return {
    ...leaf,
    kind: 'reshape',
    outputShape: ([, width]) => [width!],
    parameters: () => [],
    forward: (x) => {
      const [n, length, width] = x.shape as [number, number, number];
      return tf.reshape(tf.slice(x, [0, length - 1, 0], [n, 1, width]), [n, width]);
    },
  };
}
