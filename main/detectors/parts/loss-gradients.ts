import * as tf from '@tensorflow/tfjs-core';
import { CupbearerError } from '../../../shared/errors.ts';
import { checkNotCancelled } from '../../data/cancellation.ts';
import type { Network } from '../../models/network.ts';
import { sizeOf, type NetworkOutline } from '../../models/network-outline.ts';
import { predictedClasses } from './predictions.ts';
import type { Samples } from './reference-samples.ts';
import { parameter, worded } from '../../../shared/wording.ts';

/** A layer whose parameters' gradients are looked at. */
export interface GradientLayer {
  name: string;
  /** Dense layers factor: their gradient is an outer product of the layer's input and the gradient at its output. */
  dense: boolean;
  /** Numbers kept of a sample. */
  deltas: number;
  inputs: number;
}

/**
 * One layer's gradients for n samples. For a dense layer sample i's gradient is the outer product of row i of `inputs` `[n, k]`
 * (the layer's input and a 1 for the bias) and of row i of `deltas` `[n, d]`, so that the inner product of two gradients is
 * `(delta . delta') (a . a')`. For other layers `deltas` is the gradient itself and `inputs` is empty (k = 0).
 */
export interface LayerGradients {
  deltas: Float32Array;
  inputs: Float32Array;
}

/** @throws CupbearerError `usage` for an activation that is not the output of a layer with parameters, its own or within. */
export function gradientLayers(network: NetworkOutline, activations: Iterable<string>): GradientLayer[] {
  return [...activations].map((activation) => {
    const name = activation.replace(/\.output$/, '');
    const layer = network.layers.find((candidate) => activation === `${candidate.name}.output`);
    const weights = layer ? network.parametersWithin(layer.name) : [];
    if (!layer || weights.length === 0) {
      throw new CupbearerError(
        'usage',
        `The gradient at "${activation}" was asked for; gradients are those of the parameters of a layer or of what it contains, for example of ${network.defaultActivations.join(', ')}.`,
        { hint: worded`Name some of them in ${parameter('detector.layers')}, or leave it out.` },
      );
    }
    // At each token of a text a dense layer runs once more, and its gradient is a sum that does not factor.
    const dense = layer.kind === 'linear' && layer.outputShape.length === 1;
    const count = weights.reduce((sum, weight) => sum + sizeOf(network.parameters.get(weight)!.shape), 0);
    return dense
      ? { name, dense, deltas: layer.outputShape[0]!, inputs: layer.inputShape[0]! + 1 }
      : { name, dense, deltas: count, inputs: 0 };
  });
}

/**
 * Direction, `[n, classes]`, of the gradient of each sample's cross-entropy with regard to its logits, at the class that is
 * predicted: of unit length, a row of zeros for a single class. Worked out in float64 from the logits' differences: a
 * confident sample's probability rounds to 1, and its gradient to something else, long before its direction is lost.
 */
export function outputDirections(logits: Float32Array, predicted: Int32Array): Float32Array {
  const classes = logits.length / predicted.length;
  const directions = new Float32Array(logits.length);
  const shares = new Float64Array(classes);
  predicted.forEach((label, row) => {
    const z = logits.subarray(row * classes, (row + 1) * classes);
    let second = -Infinity;
    for (let j = 0; j < classes; j++) if (j !== label) second = Math.max(second, z[j]!);
    let sum = 0;
    let squares = 0;
    for (let j = 0; j < classes; j++) {
      shares[j] = j === label ? 0 : Math.exp(z[j]! - second);
      sum += shares[j]!;
      squares += shares[j]! ** 2;
    }
    if (sum === 0) return;
    shares[label] = -sum;
    const length = Math.sqrt(squares + sum * sum);
    for (let j = 0; j < classes; j++) directions[row * classes + j] = shares[j]! / length;
  });
  return directions;
}

/**
 * Each sample's gradients with regard to the parameters of each layer, for the loss at the class that the network predicts,
 * divided by the length of the gradient with regard to the logits. Other layers than dense ones take a pass a sample.
 * @throws CupbearerError `cancelled`.
 */
export async function lossGradients(
  network: Network,
  layers: readonly GradientLayer[],
  samples: Samples,
  signal: AbortSignal | undefined,
): Promise<LayerGradients[]> {
  const directions = outputDirections(samples.logits, predictedClasses(samples));
  const dense = layers.filter((layer) => layer.dense);
  const others = layers.filter((layer) => !layer.dense);
  const found = new Map<string, LayerGradients>();
  checkNotCancelled(signal, 'The gradients');
  for (const [i, gradients] of (await denseGradients(network, dense, samples, directions)).entries()) {
    found.set(dense[i]!.name, gradients);
  }
  for (const layer of others) {
    found.set(layer.name, { deltas: new Float32Array(samples.size * layer.deltas), inputs: new Float32Array(0) });
  }
  for (let i = 0; i < samples.size && others.length > 0; i++) {
    checkNotCancelled(signal, 'The gradients');
    for (const [j, gradient] of (await singleGradients(network, others, samples, directions, i)).entries()) {
      found.get(others[j]!.name)!.deltas.set(gradient, i * others[j]!.deltas);
    }
  }
  return layers.map(({ name }) => found.get(name)!);
}

async function denseGradients(
  network: Network,
  layers: readonly GradientLayer[],
  { size, inputs }: Samples,
  directions: Float32Array,
): Promise<LayerGradients[]> {
  if (layers.length === 0) return [];
  const { inputShape, classes } = network.spec;
  const tensors = tf.tidy(() => {
    const x = tf.tensor(inputs, [size, ...inputShape]);
    const upstream = tf.tensor2d(directions, [size, classes.length]);
    const names = layers.map(({ name }) => name);
    return network.layerGradients(x, upstream, names).map(({ input, gradient }) => {
      const withBias = tf.keep(tf.concat([input as tf.Tensor2D, tf.ones([size, 1])], 1));
      input.dispose();
      return { withBias, gradient };
    });
  });
  const results = await Promise.all(
    tensors.map(async ({ withBias, gradient }) => ({
      inputs: await withBias.data<'float32'>(),
      deltas: await gradient.data<'float32'>(),
    })),
  );
  tf.dispose(tensors.flatMap(({ withBias, gradient }) => [withBias, gradient]));
  return results;
}

/** The gradient of sample `i` with regard to all parameters of each layer, one after the other. */
async function singleGradients(
  network: Network,
  layers: readonly GradientLayer[],
  { size, inputs }: Samples,
  directions: Float32Array,
  i: number,
): Promise<Float32Array[]> {
  const { inputShape, classes } = network.spec;
  const width = inputs.length / size;
  const tensors = tf.tidy(() => {
    const x = tf.tensor(inputs.subarray(i * width, (i + 1) * width), [1, ...inputShape]);
    const upstream = tf.tensor2d(directions.subarray(i * classes.length, (i + 1) * classes.length), [
      1,
      classes.length,
    ]);
    const own = layers.map(({ name }) => network.parametersWithin(name));
    const names = own.flat();
    const gradients = tf.grads((...weights: tf.Tensor[]) =>
      network.forward(x, { weights: new Map(names.map((name, at) => [name, weights[at]!])) }),
    )(
      names.map((name) => network.variables.get(name) as tf.Tensor),
      upstream,
    );
    let at = 0;
    return own.map((weights) => tf.concat(weights.map(() => tf.reshape(gradients[at++]!, [-1]))));
  });
  const results = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  tf.dispose(tensors);
  return results;
}
