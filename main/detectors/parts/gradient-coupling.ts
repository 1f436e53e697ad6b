import * as tf from '@tensorflow/tfjs-core';
import { checkNotCancelled } from '../../data/cancellation.ts';
import type { Network } from '../../models/network.ts';
import { parameterGroups, checkStateSize, type CouplingOptions } from './coupling.ts';
import { floats, networkOf, type DetectorContext, type DetectorState } from '../detector.ts';
import { gradientLayers, lossGradients, type GradientLayer, type LayerGradients } from './loss-gradients.ts';
import { sliceSamples, type Samples } from './reference-samples.ts';
import { parameter, worded } from '../../../shared/wording.ts';

/** Samples whose gradients are worked out and compared at once. */
const BLOCK = 256;

/**
 * What is kept of the references: per layer the factors of their gradients, scaled so that inner products are cosines.
 * @throws CupbearerError `usage` if a layer has no parameters of its own or the state becomes too large.
 */
export async function fitGradients(
  references: Samples,
  activations: readonly string[],
  options: CouplingOptions,
  context: DetectorContext,
): Promise<DetectorState> {
  const { signal } = context;
  const network = networkOf(context);
  const { size } = references;
  const layers = gradientLayers(network, activations);
  const numbers = layers.reduce((sum, { deltas, inputs }) => sum + deltas + inputs, 0);
  checkStateSize(
    numbers * size,
    options.max_state,
    `gradients of ${size} reference samples`,
    worded`Lower ${parameter('detector.references')}, or look at fewer or smaller layers.`,
  );
  const state: DetectorState = { tensors: {}, values: {} };
  for (const { name, deltas, inputs } of layers) {
    state.tensors[`${name}/deltas`] = { shape: [size, deltas], data: new Float32Array(size * deltas) };
    state.tensors[`${name}/inputs`] = { shape: [size, inputs], data: new Float32Array(size * inputs) };
  }
  for (let from = 0; from < size; from += BLOCK) {
    const block = sliceSamples(references, from, Math.min(size, from + BLOCK));
    const gradients = await unitGradients(network, activations, layers, block, options.separate_layers, signal);
    layers.forEach(({ name, deltas, inputs }, i) => {
      floats(state, `${name}/deltas`).set(gradients[i]!.deltas, from * deltas);
      floats(state, `${name}/inputs`).set(gradients[i]!.inputs, from * inputs);
    });
  }
  return state;
}

/** Per group the largest cosine of each sample's gradient with those of the references, `[size]`. */
export async function largestCosines(
  state: DetectorState,
  samples: Samples,
  activations: readonly string[],
  separate: boolean,
  context: DetectorContext,
): Promise<Map<string, Float64Array>> {
  const { signal } = context;
  const network = networkOf(context);
  const layers = gradientLayers(network, activations);
  const groups = parameterGroups(activations, separate);
  const largest = new Map(groups.map(({ name }) => [name, new Float64Array(samples.size)]));
  for (let from = 0; from < samples.size; from += BLOCK) {
    const block = sliceSamples(samples, from, Math.min(samples.size, from + BLOCK));
    const gradients = await unitGradients(network, activations, layers, block, separate, signal);
    for (const group of groups) {
      checkNotCancelled(signal, 'Scoring');
      const factors = group.activations.map((activation) => {
        const at = activations.indexOf(activation);
        const { name } = layers[at]!;
        const of = { deltas: floats(state, `${name}/deltas`), inputs: floats(state, `${name}/inputs`) };
        return { layer: layers[at]!, query: gradients[at]!, reference: of };
      });
      largest.get(group.name)!.set(await largestProducts(factors, block.size), from);
    }
  }
  return largest;
}

/** The gradients with each sample's scaled to unit length within its group; a gradient of zeros stays as it is. */
async function unitGradients(
  network: Network,
  activations: readonly string[],
  layers: readonly GradientLayer[],
  samples: Samples,
  separate: boolean,
  signal: AbortSignal | undefined,
): Promise<LayerGradients[]> {
  const gradients = await lossGradients(network, layers, samples, signal);
  for (const group of parameterGroups(activations, separate)) {
    const members = group.activations.map((activation) => gradients[activations.indexOf(activation)]!);
    for (let row = 0; row < samples.size; row++) {
      const squares = members.reduce(
        (sum, member) => sum + product(member, row, member, row, samples.size, samples.size),
        0,
      );
      if (squares === 0) continue;
      const scale = 1 / Math.sqrt(squares);
      for (const { deltas } of members) {
        const d = deltas.length / samples.size;
        for (let j = row * d; j < (row + 1) * d; j++) deltas[j]! *= scale;
      }
    }
  }
  return gradients;
}

interface Factors {
  layer: GradientLayer;
  query: LayerGradients;
  reference: LayerGradients;
}

/**
 * For each of n samples the largest inner product of its gradient, over the layers given, with any reference's: which
 * one it is, is found by float32 products on the engine, its value is then worked out in float64.
 */
async function largestProducts(factors: readonly Factors[], n: number): Promise<Float64Array> {
  const best = tf.tidy(() => {
    const sums = factors.map(({ layer, query, reference }) => {
      const outer = products(query.deltas, reference.deltas, layer.deltas);
      return layer.dense ? tf.mul(outer, products(query.inputs, reference.inputs, layer.inputs)) : outer;
    });
    return tf.argMax(tf.addN(sums), 1);
  });
  const indices = await best.data<'int32'>();
  best.dispose();
  const { layer, reference } = factors[0]!;
  const r = reference.deltas.length / layer.deltas;
  return Float64Array.from({ length: n }, (_, row) =>
    factors.reduce((sum, of) => sum + product(of.query, row, of.reference, indices[row]!, n, r), 0),
  );
}

function products(a: Float32Array, b: Float32Array, d: number): tf.Tensor2D {
  return tf.matMul(tf.tensor2d(a, [a.length / d, d]), tf.tensor2d(b, [b.length / d, d]), false, true);
}

/** Inner product of gradient `i` of `a`, which has n, with gradient `j` of `b`, which has m. */
function product(a: LayerGradients, i: number, b: LayerGradients, j: number, n: number, m: number): number {
  const ofDeltas = dot(a.deltas, i, b.deltas, j, n, m);
  return a.inputs.length === 0 ? ofDeltas : ofDeltas * dot(a.inputs, i, b.inputs, j, n, m);
}

function dot(a: Float32Array, i: number, b: Float32Array, j: number, n: number, m: number): number {
  const d = a.length / n;
  if (d !== b.length / m) throw new Error(`Rows of ${d} and of ${b.length / m} numbers have no inner product.`);
  let sum = 0;
  for (let k = 0; k < d; k++) sum += a[i * d + k]! * b[j * d + k]!;
  return sum;
}
