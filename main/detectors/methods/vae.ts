import * as tf from '@tensorflow/tfjs-core';
import type { TensorMap } from '../../../shared/domain/tensors.ts';
import { flag, number, optionalInteger } from '../../../shared/schema/fields.ts';
import { ColumnMoments } from '../../tensor/linalg/column-moments.ts';
import type { RandomStream } from '../../tensor/random.ts';
import { read } from '../../tensor/read.ts';
import {
  defineDetector,
  doubles,
  type DetectorState,
  type FeatureLayer,
  type FeatureStream,
  type LayerScores,
} from '../detector.ts';
import { trainingParams, trainOn } from '../parts/gradient-training.ts';
import { addLinear, applyLinear, toTensors, trained, type Weights } from '../parts/linear-maps.ts';

/**
 * A variational auto-encoder for each layer, trained on the trusted activations; the score is its loss.
 *
 * Encoder `d -> 2d -> (mean, log-variance)` of the latent code, decoder back by `2d`, ReLU between. Loss: squared error of
 * the reconstruction, mean over the d features, plus `kld_weight` times the divergence of the code from the standard
 * normal distribution, `-1/2 sum(1 + lv - mu^2 - exp(lv))` divided by d: at weight 1 the paper's bound for outputs of
 * variance 1/2, over d and without its constant. While scoring the code is its mean, so that scores are deterministic.
 *
 * The seed library takes the mean over features but the whole sum over latents, which lets the code collapse, samples
 * while scoring and takes activations as they are; `compat` brings back its loss and its inputs, not the noise.
 */
export const vae = defineDetector({
  id: 'vae',
  title: 'Variational auto-encoder',
  summary: 'How badly an auto-encoder of the trusted activations reconstructs an activation',
  source: 'Kingma & Welling, ICLR 2014, arXiv 1312.6114; ejnnr/cupbearer, detectors.VAEDetector',
  needs: { trusted: true },
  params: {
    latent_dim: optionalInteger({
      label: 'Latent dimensions',
      help: "Size of the code; a quarter of the layer's dimensions unless given",
      min: 1,
      max: 65536,
    }),
    kld_weight: number({
      label: 'Weight of the divergence',
      help: "Weight of the code's divergence from the standard normal distribution in loss and score",
      default: 1,
      min: 0,
      max: 1e6,
    }),
    standardise: flag({
      label: 'Standardise',
      help: 'Scale each neuron to mean 0 and variance 1 over the trusted data; never with compat',
      default: true,
    }),
    ...trainingParams({ epochs: 2, batchSize: 256 }),
    compat: flag({
      label: 'Match the Python library',
      help: 'Sum the divergence over the latents instead of dividing it by the dimension, and take activations unscaled',
      default: false,
    }),
  },

  async fit({ layers, trusted }, params, context) {
    const scaled = params.standardise && !params.compat;
    const scales = scaled ? await scalesOf(layers, trusted) : unscaled(layers);
    const initial: TensorMap = {};
    for (const { name, dims } of layers) {
      const latent = params.latent_dim ?? Math.ceil(dims / 4);
      addAutoEncoder(initial, name, dims, latent, context.stream.derive('initial', name));
    }
    const values = { kld_weight: params.kld_weight, compat: params.compat ? 1 : 0 };
    const noise = context.stream.derive('noise');
    const weights = await trained(initial, (variables) =>
      trainOn(trusted, variables, params, context, (batch) => {
        const losses = layers.map(({ name }) => {
          const x = standardised({ tensors: scales, values }, name, batch.layers.get(name)!);
          const { reconstruction, divergence } = lossParts(variables, name, x, noise);
          return tf.mean(combined(values, x, reconstruction, divergence));
        });
        return losses.reduce((sum, loss) => tf.add(sum, loss)) as tf.Scalar;
      }),
    );
    return { tensors: { ...scales, ...weights }, values };
  },

  async score(state, batch) {
    const scores: LayerScores = new Map();
    for (const [name, activations] of batch.layers) {
      const values = await read(() => {
        const { x, reconstruction, divergence } = vaeParts(state, name, activations);
        return combined(state.values, x, reconstruction, divergence);
      });
      scores.set(name, Float64Array.from(values));
    }
    return scores;
  },
});

/**
 * The two parts of the loss of a layer's activations `[n, d]` at the mean of their codes, each `[n]`: mean squared error,
 * and divergence as a sum over the latents. `x` is what the network saw, `[n, d]`. Call it in a `tf.tidy`.
 */
export function vaeParts(state: DetectorState, name: string, activations: Float32Array) {
  const own = Object.fromEntries(
    Object.entries(state.tensors).filter(([key]) => key.startsWith(`${name}/`) && !isScale(key)),
  );
  const x = standardised(state, name, activations);
  return { x, ...lossParts(toTensors(own), name, x) };
}

function combined(values: DetectorState['values'], x: tf.Tensor2D, reconstruction: tf.Tensor, divergence: tf.Tensor) {
  const perLatent = values['compat'] === 1 ? 1 : 1 / x.shape[1];
  return tf.add(reconstruction, tf.mul(divergence, (values['kld_weight'] as number) * perLatent));
}

function lossParts(weights: Weights, name: string, x: tf.Tensor2D, noise?: RandomStream) {
  const hidden = tf.relu(applyLinear(x, weights, `${name}/encoder.0`));
  const encoded = applyLinear(hidden, weights, `${name}/encoder.2`);
  const latent = encoded.shape[1] / 2;
  const mu = tf.slice(encoded, [0, 0], [-1, latent]);
  const logVariance = tf.slice(encoded, [0, latent], [-1, latent]);
  const code = noise ? tf.add<tf.Tensor2D>(mu, tf.mul(tf.exp(tf.mul(logVariance, 0.5)), normals(mu.shape, noise))) : mu;
  const decoded = tf.relu(applyLinear(code, weights, `${name}/decoder.0`));
  const rebuilt = applyLinear(decoded, weights, `${name}/decoder.2`);
  const reconstruction = tf.mean(tf.squaredDifference(rebuilt, x), 1);
  const terms = tf.sub(tf.add(tf.square(mu), tf.exp(logVariance)), tf.add(logVariance, 1));
  return { reconstruction, divergence: tf.mul(tf.sum(terms, 1), 0.5) };
}

function normals([rows, columns]: [number, number], random: RandomStream): tf.Tensor2D {
  return tf.tensor2d(
    Float32Array.from({ length: rows * columns }, () => random.normal()),
    [rows, columns],
  );
}

function addAutoEncoder(tensors: TensorMap, name: string, dims: number, latent: number, random: RandomStream): void {
  addLinear(tensors, `${name}/encoder.0`, dims, 2 * dims, random);
  addLinear(tensors, `${name}/encoder.2`, 2 * dims, 2 * latent, random);
  addLinear(tensors, `${name}/decoder.0`, latent, 2 * dims, random);
  addLinear(tensors, `${name}/decoder.2`, 2 * dims, dims, random);
}

const isScale = (key: string) => key.endsWith('/mean') || key.endsWith('/scale');

function unscaled(layers: readonly FeatureLayer[]): TensorMap {
  return Object.fromEntries(
    layers.flatMap(({ name, dims }) => [
      [`${name}/mean`, { shape: [dims], data: new Float64Array(dims) }],
      [`${name}/scale`, { shape: [dims], data: new Float64Array(dims).fill(1) }],
    ]),
  );
}

/** Mean and standard deviation of each neuron; a neuron that never changes keeps its scale, so that a change will show. */
async function scalesOf(layers: readonly FeatureLayer[], trusted: FeatureStream): Promise<TensorMap> {
  const moments = new Map(layers.map(({ name, dims }) => [name, new ColumnMoments(dims)]));
  for await (const batch of trusted.batches()) {
    for (const [name, columns] of moments) columns.update(batch.layers.get(name)!, batch.size);
  }
  const scales: TensorMap = {};
  for (const [name, columns] of moments) {
    const deviation = columns.variance().map((variance) => (variance > 0 ? Math.sqrt(variance) : 1));
    scales[`${name}/mean`] = { shape: [deviation.length], data: columns.mean };
    scales[`${name}/scale`] = { shape: [deviation.length], data: deviation };
  }
  return scales;
}

/** `(x - mean) / scale` in float64, rounded once, `[n, d]`. */
function standardised(state: DetectorState, name: string, activations: Float32Array): tf.Tensor2D {
  const mean = doubles(state, `${name}/mean`);
  const scale = doubles(state, `${name}/scale`);
  const d = mean.length;
  const x = new Float32Array(activations.length);
  for (let i = 0, j = 0; i < x.length; i++, j = j + 1 === d ? 0 : j + 1) {
    x[i] = (activations[i]! - mean[j]!) / scale[j]!;
  }
  return tf.tensor2d(x, [x.length / d, d]);
}
