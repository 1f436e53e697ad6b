import type { NamedTensor, TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Network } from '../models/network.ts';
import { readTensorFile } from '../storage/tensor-file.ts';
import type { RandomStream } from '../tensor/random.ts';
import { abstractionLosses, meanLoss, stepName, tauName, type AbstractionParams } from './consistent-abstraction.ts';
import type { DetectorContext, DetectorState, Features, FeatureLayer } from './detector.ts';
import { trainOn } from './gradient-training.ts';
import { addLinear, trained } from './linear-maps.ts';

/** What an abstraction is built around. */
interface Frame {
  /** Layers looked at, in the order in which they run. */
  layers: readonly FeatureLayer[];
  /** Numbers in one input. */
  inputs: number;
  /** The layer of the logits, which are their own abstraction, looked at or not. */
  output: string | undefined;
  /** Width of the abstract model at the logits. */
  outputWidth: number;
}

/** Gates of axis-aligned tau maps start at sigmoid(3) = 0.95: almost all is kept, and the gradient is not yet tiny. */
const initialGate = 3;

/**
 * An abstraction trained on the trusted data: for each chosen layer, in the order in which they run, a tau map from its
 * activations `[n, d]` to abstract ones `[n, w]` and a step that predicts those from the layer before (the first from the
 * flattened input), `step_i(relu(a_(i-1)))`. For an mlp that is an mlp with narrower layers. It starts from the file
 * `initial` where one is given, else from random weights.
 * @throws CupbearerError `usage` for parameters that contradict one another or the network; `not-found`, `storage` or
 * `bad-data` for a file that cannot be read or does not fit the layers; what `trainOn` throws.
 */
export async function fitAbstraction(
  { layers, trusted }: Features,
  params: AbstractionParams,
  context: DetectorContext,
): Promise<DetectorState> {
  const frame = frameOf(layers, params, context.network);
  const initial =
    params.initial === undefined
      ? newWeights(frame, params, context.stream.derive('initial'))
      : givenWeights(frame, params, params.initial);
  const values = {
    layers: JSON.stringify(frame.layers.map(({ name }) => name)),
    output: frame.output ?? '',
    layer_loss: params.layer_loss,
    output_loss: params.output_loss,
    single_class: params.single_class,
    layer_weight: params.layer_weight,
    output_weight: params.output_weight,
    global_consistency: params.global_consistency ? 1 : 0,
  };
  const tensors = await trained(initial, (variables) =>
    trainOn(trusted!, variables, params, context, (batch) => meanLoss(abstractionLosses(variables, values, batch))),
  );
  return { tensors, values };
}

function frameOf(layers: readonly FeatureLayer[], params: AbstractionParams, network: Network): Frame {
  const order = network.activationNames;
  const classes = network.spec.classes.length;
  if (params.output_loss === 'single-class' && params.single_class >= classes) {
    throw new CupbearerError('usage', `Expected a single_class of 0 to ${classes - 1}, found ${params.single_class}.`);
  }
  const output = network.defaultActivations.at(-1);
  return {
    layers: [...layers].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
    inputs: network.spec.inputShape.reduce((product, size) => product * size, 1),
    output,
    outputWidth: params.output_loss === 'single-class' ? 1 : (layers.find(({ name }) => name === output)?.dims ?? 0),
  };
}

/** Random weights of the widths that the parameters ask for. */
function newWeights(
  { layers, inputs, output, outputWidth }: Frame,
  params: AbstractionParams,
  random: RandomStream,
): TensorMap {
  const hidden = layers.filter(({ name }) => name !== output);
  const given = params.abstract_dims;
  if (params.num_epochs === 0) {
    throw new CupbearerError('usage', 'Expected at least 1 epoch, found num_epochs 0 without a given abstraction.', {
      hint: 'Name the file of an abstraction as initial, or let it train.',
    });
  }
  if (given.length > 0 && (given.length !== hidden.length || params.tau === 'axis-aligned')) {
    throw new CupbearerError(
      'usage',
      params.tau === 'axis-aligned'
        ? 'Axis-aligned tau maps keep the widths of the layers, found abstract_dims.'
        : `Expected ${hidden.length} abstract_dims, one for each of ${hidden.map(({ name }) => name).join(', ')}, found ${given.length}.`,
    );
  }
  const tensors: TensorMap = {};
  let before = inputs;
  for (const [i, { name, dims }] of layers.entries()) {
    let width = dims;
    if (name === output) {
      width = outputWidth;
    } else if (params.tau === 'axis-aligned') {
      tensors[`${tauName(name)}.gate`] = { shape: [dims], data: new Float32Array(dims).fill(initialGate) };
    } else {
      width = given[i] ?? Math.ceil(dims / params.size_reduction);
      addLinear(tensors, tauName(name), dims, width, random);
    }
    addLinear(tensors, stepName(name), before, width, random);
    before = width;
  }
  return tensors;
}

/** The weights in `file`, which must be those of an abstraction of just these layers; its other arrays are left alone. */
function givenWeights(
  { layers, inputs, output, outputWidth }: Frame,
  { abstract_dims }: AbstractionParams,
  file: string,
): TensorMap {
  if (abstract_dims.length > 0) {
    throw new CupbearerError('usage', 'The widths of a given abstraction are those of its file, found abstract_dims.');
  }
  const stored = readTensorFile(file).tensors;
  const tensors: TensorMap = {};
  const take = (name: string, shape: readonly (number | undefined)[]): NamedTensor =>
    (tensors[name] = floatsOfShape(stored[name], shape, `"${name}"`, file));
  let before = inputs;
  for (const { name, dims } of layers) {
    const tau = tauName(name);
    let width: number;
    if (name === output) {
      width = outputWidth;
    } else if (stored[`${tau}.gate`]) {
      width = take(`${tau}.gate`, [dims]).shape[0]!;
    } else {
      width = take(`${tau}.weight`, [undefined, dims]).shape[0]!;
      take(`${tau}.bias`, [width]);
    }
    take(`${stepName(name)}.weight`, [width, before]);
    take(`${stepName(name)}.bias`, [width]);
    before = width;
  }
  const strange = Object.keys(stored).find((name) => /\/(tau|step)\.[a-z]+$/.test(name) && !tensors[name]);
  if (strange !== undefined) {
    throw new CupbearerError(
      'bad-data',
      `${file} has "${strange}", which an abstraction of ${layers.map(({ name }) => name).join(', ')} does not have.`,
      { hint: 'Look at the layers that the given abstraction was made for.' },
    );
  }
  return tensors;
}

/** The array as float32; `undefined` in a shape stands for any positive length. */
function floatsOfShape(
  found: NamedTensor | undefined,
  shape: readonly (number | undefined)[],
  what: string,
  file: string,
): NamedTensor {
  const expected = `[${shape.map((size) => size ?? 'any').join(', ')}]`;
  if (!found) {
    throw new CupbearerError('bad-data', `${file} has no ${what}; the chosen layers need one of shape ${expected}.`);
  }
  const fits =
    found.shape.length === shape.length && shape.every((size, i) => found.shape[i]! === (size ?? found.shape[i]!));
  if (!fits || found.data.length === 0) {
    throw new CupbearerError(
      'bad-data',
      `Expected ${what} in ${file} to have shape ${expected}, found [${found.shape.join(', ')}].`,
    );
  }
  if (!(found.data instanceof Float32Array || found.data instanceof Float64Array)) {
    throw new CupbearerError('bad-data', `Expected ${what} in ${file} to hold floating-point numbers.`);
  }
  const data = Float32Array.from(found.data);
  if (!data.every(Number.isFinite)) {
    throw new CupbearerError(
      'bad-data',
      `Expected ${what} in ${file} to be finite, found ${data.find((value) => !Number.isFinite(value))}.`,
    );
  }
  return { shape: [...found.shape], data };
}
