import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import { choice, flag, integer, integers, number, optionalPath } from '../../../shared/schema/fields.ts';
import type { ActivationBatch } from '../../models/activations.ts';
import type { DetectorState, LayerScores } from '../detector.ts';
import { trainingParams } from './gradient-training.ts';
import { applyLinear, type Weights } from './linear-maps.ts';
import { inputsOf } from './predictions.ts';

/** What the abstraction detectors share: how the abstraction is built and what it is trained to do. */
export const abstractionParams = {
  initial: optionalPath({
    label: 'Given abstraction',
    help: "Safetensors file with the tau maps (LAYER/tau.weight and .bias, or .gate) and the abstract model (LAYER/step.weight and .bias) to start from, such as an earlier abstraction's detector.safetensors; widths and kind of tau maps are the file's; 0 epochs score it as it is",
  }),
  size_reduction: integer({
    label: 'Size reduction',
    help: "Divides the width of each layer to give the abstract model's",
    default: 4,
    min: 1,
    max: 65536,
  }),
  abstract_dims: integers({
    label: 'Abstract widths',
    help: "Width of the abstract model at each chosen layer but the logits, in the network's order; from the size reduction unless given",
    unit: 'neurons',
    default: [],
    min: 1,
    max: 65536,
  }),
  tau: choice({
    label: 'Tau maps',
    help: 'dense: any linear map; axis-aligned: each neuron is kept in part, so that abstract layers are as wide as the full ones',
    options: ['dense', 'axis-aligned'],
    default: 'dense',
  }),
  layer_loss: choice({
    label: 'Layer loss',
    help: 'Distance of prediction and tau map at every layer but the logits',
    options: ['l2', 'cosine'],
    default: 'l2',
  }),
  output_loss: choice({
    label: 'Output loss',
    help: "Distance of the abstract model's output from the logits",
    options: ['l2', 'cosine', 'kl', 'cross-entropy', 'single-class'],
    titles: { kl: 'KL divergence' },
    default: 'l2',
  }),
  single_class: integer({
    label: 'Single class',
    help: 'The class that the output loss single-class tells from all others',
    default: 0,
    min: 0,
  }),
  layer_weight: number({
    label: 'Weight of the layers',
    help: 'Factor of the losses at all layers but the logits, in training and in the scores',
    default: 1,
    min: 0,
    max: 1e6,
  }),
  output_weight: number({
    label: 'Weight of the output',
    help: 'Factor of the loss at the logits, in training and in the score',
    default: 1,
    min: 0,
    max: 1e6,
  }),
  global_consistency: flag({
    label: 'Global consistency',
    help: 'The abstract model runs from the input on its own; otherwise each step starts from the tau map of the layer before',
    default: false,
  }),
  ...trainingParams({ epochs: 1, batchSize: 128 }),
  num_epochs: integer({
    label: 'Epochs',
    help: 'Passes over the trusted data; 0 only with a given abstraction',
    unit: 'epochs',
    default: 1,
    min: 0,
    max: 100_000,
  }),
};

export type AbstractionParams = z.output<z.ZodObject<typeof abstractionParams>>;

type LossName = keyof typeof losses;

/** Names in a state: tau maps and the steps of the abstract model. */
export const tauName = (layer: string) => `${layer}/tau`;
export const stepName = (layer: string) => `${layer}/step`;

/** Whether an array of a state belongs to a tau map; the others are the abstract model's. */
export function isTau(name: string): boolean {
  return name.includes('/tau.');
}

/**
 * Weighted loss of each sample at each layer, `[n]`: how far the abstract model's prediction is from the tau map of the
 * activation. Call it in a `tf.tidy`.
 */
export function abstractionLosses(
  weights: Weights,
  values: DetectorState['values'],
  batch: ActivationBatch,
): Map<string, tf.Tensor1D> {
  const result = new Map<string, tf.Tensor1D>();
  const inputs = inputsOf(batch);
  let state = tf.tensor2d(inputs, [batch.size, inputs.length / batch.size]);
  for (const [i, name] of (JSON.parse(values['layers'] as string) as string[]).entries()) {
    const activation = batch.layers.get(name)!;
    const isOutput = name === values['output'];
    const target = abstracted(weights, name, tf.tensor2d(activation, [batch.size, activation.length / batch.size]));
    const prediction = applyLinear(i === 0 ? state : tf.relu(state), weights, stepName(name));
    const loss = losses[values[isOutput ? 'output_loss' : 'layer_loss'] as LossName];
    const weight = values[isOutput ? 'output_weight' : 'layer_weight'] as number;
    result.set(name, tf.mul(loss(prediction, target, values['single_class'] as number), weight));
    state = values['global_consistency'] === 1 ? prediction : target;
  }
  return result;
}

/** The loss that training lowers: mean over layers and samples. */
export function meanLoss(layerLosses: ReadonlyMap<string, tf.Tensor1D>): tf.Scalar {
  const sum = [...layerLosses.values()].map((loss) => tf.mean(loss)).reduce((total, loss) => tf.add(total, loss));
  return tf.div(sum, layerLosses.size);
}

/** The losses at each layer as scores. */
export async function abstractionScores(
  weights: Weights,
  values: DetectorState['values'],
  batch: ActivationBatch,
): Promise<LayerScores> {
  const losses = tf.tidy(() => Object.fromEntries(abstractionLosses(weights, values, batch)));
  try {
    const scores: LayerScores = new Map();
    for (const [name, loss] of Object.entries(losses)) scores.set(name, Float64Array.from(await loss.data()));
    return scores;
  } finally {
    tf.dispose(losses);
  }
}

function abstracted(weights: Weights, name: string, activation: tf.Tensor2D): tf.Tensor2D {
  const gate = weights.get(`${tauName(name)}.gate`);
  if (gate) return tf.mul(activation, tf.sigmoid(gate));
  return weights.has(`${tauName(name)}.weight`) ? applyLinear(activation, weights, tauName(name)) : activation;
}

type Loss = (prediction: tf.Tensor2D, target: tf.Tensor2D, only: number) => tf.Tensor1D;

const l2: Loss = (prediction, target) => tf.mean(tf.squaredDifference(prediction, target), 1);

const cosine: Loss = (prediction, target) => {
  // Keeps the loss finite, and 1, if one of them is zero.
  const length = (x: tf.Tensor2D) => tf.sqrt(tf.add(tf.sum(tf.square(x), 1), 1e-12));
  const product = tf.sum(tf.mul(prediction, target), 1);
  return tf.sub(1, tf.div(product, tf.mul(length(prediction), length(target))));
};

/** KL(softmax(target) || softmax(prediction)). */
const kl: Loss = (prediction, target) => {
  const expected = tf.logSoftmax(target);
  return tf.sum(tf.mul(tf.exp(expected), tf.sub(expected, tf.logSoftmax(prediction))), 1);
};

const crossEntropy: Loss = (prediction, target) =>
  tf.neg(tf.sum(tf.mul(tf.softmax(target), tf.logSoftmax(prediction)), 1));

/** Binary cross-entropy of one logit `[n, 1]` with the target's probability of the class `only`. */
const singleClass: Loss = (prediction, target, only) => {
  const probability = tf.slice(tf.softmax(target), [0, only], [-1, 1]);
  return tf.sum(tf.sub(tf.softplus(prediction), tf.mul(probability, prediction)), 1);
};

/** Per sample, `[n]`, from predictions and targets `[n, w]`; from KL on they take both as logits. */
const losses = { l2, cosine, kl, 'cross-entropy': crossEntropy, 'single-class': singleClass };
