import * as tf from '@tensorflow/tfjs-core';
import { CupbearerError } from '../../../shared/errors.ts';
import { checkNotCancelled } from '../../data/cancellation.ts';
import { otherWork } from '../../models/batches.ts';
import type { Network } from '../../models/network.ts';
import { matMulTransposed } from '../../tensor/linalg/mat-mul.ts';
import { softmaxCrossEntropy } from '../../tensor/loss.ts';
import type { RandomStream } from '../../tensor/random.ts';
import { checkStateSize, parameterGroups, type CouplingOptions, type ParameterGroup } from './coupling.ts';
import { doubles, floats, networkOf, type DetectorContext, type DetectorState } from '../detector.ts';
import { lossTraces, toTensors, type WeightSlice } from './loss-traces.ts';
import type { Samples } from './reference-samples.ts';
import { sgld } from './sgld.ts';
import { parameter, worded } from '../../../shared/wording.ts';

/**
 * Draws weights near the trained ones, group by group with the others left alone, and takes the references' loss
 * traces.
 * @throws CupbearerError `usage` if an activation belongs to no weights or the draws become too large; as {@link sgld}.
 */
export async function fitTraces(
  references: Samples,
  activations: readonly string[],
  options: CouplingOptions,
  context: DetectorContext,
): Promise<DetectorState> {
  const { stream, signal } = context;
  const network = networkOf(context);
  const groups = parameterGroups(activations, options.separate_layers);
  const slices = groups.map((group) => groupWeights(network, group));
  const total = options.chains * options.draws;
  checkStateSize(
    total * slices.reduce((sum, own) => sum + own.at(-1).to, 0),
    options.max_state,
    `${total} draws of the weights`,
    worded`Lower ${parameter('detector.chains')} or ${parameter('detector.draws')}, or look at fewer or smaller layers.`,
  );
  const state: DetectorState = { tensors: {}, values: {} };
  for (const [i, { name }] of groups.entries()) {
    const own = slices[i]!;
    const length = own.at(-1).to;
    const draws = new Float32Array(total * length);
    const gradient = (w: Float64Array, random: RandomStream) =>
      batchGradient(network, own, w, references, random, options.batch_size);
    let taken = 0;
    for await (const w of sgld(
      await currentWeights(network, own),
      gradient,
      { ...options, stepSize: options.step_size, nBeta: options.n_beta },
      stream.derive('weights', name),
    )) {
      draws.set(w, taken++ * length);
      checkNotCancelled(signal, 'Sampling');
      await otherWork();
    }
    state.tensors[`${name}/draws`] = { shape: [total, length], data: draws };
    const traces = await lossTraces(network, own, draws, references, signal);
    state.tensors[`${name}/traces`] = { shape: [references.size, total], data: traces };
  }
  return state;
}

/** Per group the largest Pearson correlation of each sample's loss trace with those of the references, `[size]`. */
export async function largestCorrelations(
  state: DetectorState,
  samples: Samples,
  activations: readonly string[],
  separate: boolean,
  context: DetectorContext,
): Promise<Map<string, Float64Array>> {
  const { signal } = context;
  const network = networkOf(context);
  const largest = new Map<string, Float64Array>();
  for (const group of parameterGroups(activations, separate)) {
    const draws = floats(state, `${group.name}/draws`);
    const references = doubles(state, `${group.name}/traces`);
    const own = groupWeights(network, group);
    const total = draws.length / own.at(-1).to;
    const traces = await lossTraces(network, own, draws, samples, signal);
    const correlations = matMulTransposed(traces, references, total);
    const r = references.length / total;
    largest.set(
      group.name,
      Float64Array.from({ length: samples.size }, (_, row) =>
        correlations.subarray(row * r, (row + 1) * r).reduce((best, value) => Math.max(best, value), -1),
      ),
    );
  }
  return largest;
}

/** @throws CupbearerError `usage` if an activation is not the output of a part with weights. */
function groupWeights(network: Network, { activations }: ParameterGroup): WeightSlice[] {
  const names = activations.flatMap((activation) => {
    const weights = activation.endsWith('.output')
      ? network.parametersWithin(activation.slice(0, -'.output'.length))
      : [];
    if (weights.length > 0) return weights;
    throw new CupbearerError(
      'usage',
      `Weights near "${activation}" were asked for; a part with weights is named by its output, for example ${network.defaultActivations.join(', ')}.`,
      { hint: worded`Name such in ${parameter('detector.layers')}, or leave it out.` },
    );
  });
  let from = 0;
  return [...new Set(names)].map((name) => {
    const { shape, size } = network.variables.get(name)!;
    return { name, shape: [...shape], from, to: (from += size) };
  });
}

async function currentWeights(network: Network, slices: readonly WeightSlice[]): Promise<Float64Array> {
  const weights = new Float64Array(slices.at(-1)!.to);
  for (const { name, from } of slices) weights.set(await network.variables.get(name)!.data(), from);
  return weights;
}

/** Gradient of the mean loss, at the data's labels, of a random batch of the references at the weights `w`. */
async function batchGradient(
  network: Network,
  slices: readonly WeightSlice[],
  w: Float64Array,
  references: Samples,
  random: RandomStream,
  size: number,
): Promise<Float32Array> {
  const width = references.inputs.length / references.size;
  const inputs = new Float32Array(size * width);
  const labels = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    const chosen = random.integer(references.size);
    inputs.set(references.inputs.subarray(chosen * width, (chosen + 1) * width), i * width);
    labels[i] = references.labels[chosen]!;
  }
  const gradient = tf.tidy(() => {
    const x = tf.tensor(inputs, [size, ...network.spec.inputShape]);
    const y = tf.tensor1d(labels, 'int32');
    const gradients = tf.grads((...weights: tf.Tensor[]) =>
      softmaxCrossEntropy(
        network.forward(x, { weights: new Map(slices.map(({ name }, at) => [name, weights[at]!])) }),
        y,
      ),
    )([...toTensors(Float32Array.from(w), slices).values()]);
    return tf.concat(gradients.map((part) => tf.reshape(part, [-1])));
  });
  const values = await gradient.data<'float32'>();
  gradient.dispose();
  return values;
}
