import type { NamedTensor, TensorMap } from '../../../shared/domain/tensors.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { misfitsOf, refuse, type Misfit } from '../../../shared/misfit.ts';
import type { NetworkOutline } from '../../models/network-outline.ts';
import type { StoredArray } from '../../storage/safetensors.ts';
import { readTensorDirectory, readTensorFile } from '../../storage/tensor-file.ts';
import type { RandomStream } from '../../tensor/random.ts';
import { abstractionLosses, meanLoss, stepName, tauName, type AbstractionParams } from './consistent-abstraction.ts';
import {
  networkOf,
  type DetectorContext,
  type DetectorState,
  type FeatureLayer,
  type GrantedFeatures,
} from '../detector.ts';
import { trainOn } from './gradient-training.ts';
import { addLinear, trained } from './linear-maps.ts';
import { parameter, worded } from '../../../shared/wording.ts';

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
 * activations `[n, d]` to abstract ones `[n, w]` and a step that predicts those from the layer before (the first from
 * the flattened input), `step_i(relu(a_(i-1)))`. For an mlp that is an mlp with narrower layers. It starts from the
 * file `initial` if one is given, else from random weights.
 * @throws CupbearerError `usage` for parameters that contradict one another or the network; `not-found`, `storage` or
 * `bad-data` for a file that cannot be read or does not fit the layers; what `trainOn` throws.
 */
export async function fitAbstraction(
  { layers, trusted }: GrantedFeatures<{ trusted: true; inputs: true }>,
  params: AbstractionParams,
  context: DetectorContext,
): Promise<DetectorState> {
  const network = networkOf(context);
  refuse(abstractionMisfits(params, layers, network));
  const frame = frameOf(layers, params, network);
  const initial =
    params.initial === undefined
      ? newWeights(frame, params, context.stream.derive('initial'))
      : givenWeights(frame, params.initial);
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
    trainOn(trusted, variables, params, context, (batch) => meanLoss(abstractionLosses(variables, values, batch))),
  );
  return { tensors, values };
}

/**
 * Returns which of an abstraction's parameters contradict the rest or the network, and a given file that is not that of
 * an abstraction of just these layers; of the file only its header is read.
 */
export function abstractionMisfits(
  params: AbstractionParams,
  layers: readonly FeatureLayer[],
  network: NetworkOutline,
): Misfit[] {
  const { initial, abstract_dims: given, num_epochs: epochs, output_loss, single_class } = params;
  const frame = frameOf(layers, params, network);
  const classes = network.spec.classes.length;
  const misfits: Misfit[] = [];
  if (output_loss === 'single-class' && single_class >= classes) {
    const message = `Expected a single class of 0 to ${classes - 1}, found ${single_class}.`;
    misfits.push({ path: ['single_class'], message });
  }
  if (initial === undefined) return [...misfits, ...newWidthMisfits(frame, given, params.tau, epochs)];
  if (given.length > 0) {
    const message = `The widths of a given abstraction are those of its file, found ${given.join(', ')}.`;
    misfits.push({ path: ['abstract_dims'], message, hint: worded`Leave out ${parameter('detector.abstract_dims')}.` });
  }
  return [...misfits, ...misfitsOf(['initial'], () => givenArrays(frame, readTensorDirectory(initial), initial))];
}

function newWidthMisfits(
  { layers, output }: Frame,
  given: readonly number[],
  tau: AbstractionParams['tau'],
  epochs: number,
): Misfit[] {
  const misfits: Misfit[] = [];
  if (epochs === 0) {
    misfits.push({
      path: ['num_epochs'],
      message: 'Expected at least 1 epoch, found 0 without a given abstraction.',
      hint: worded`Name the file of an abstraction by ${parameter('detector.initial')}, or let it train.`,
    });
  }
  const hidden = layers.filter(({ name }) => name !== output).map(({ name }) => name);
  if (given.length === 0 || (given.length === hidden.length && tau === 'dense')) return misfits;
  const message =
    tau === 'axis-aligned'
      ? `Axis-aligned tau maps keep the widths of the layers, found widths ${given.join(', ')}.`
      : `Expected ${hidden.length} widths, one for each of ${hidden.join(', ')}, found ${given.length}.`;
  return [...misfits, { path: ['abstract_dims'], message }];
}

function frameOf(layers: readonly FeatureLayer[], params: AbstractionParams, network: NetworkOutline): Frame {
  const order = network.activationNames;
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
  const tensors: TensorMap = {};
  let before = inputs;
  for (const [i, { name, dims }] of layers.entries()) {
    let width = dims;
    if (name === output) {
      width = outputWidth;
    } else if (params.tau === 'axis-aligned') {
      tensors[`${tauName(name)}.gate`] = { shape: [dims], data: new Float32Array(dims).fill(initialGate) };
    } else {
      width = params.abstract_dims[i] ?? Math.ceil(dims / params.size_reduction);
      addLinear(tensors, tauName(name), dims, width, random);
    }
    addLinear(tensors, stepName(name), before, width, random);
    before = width;
  }
  return tensors;
}

/**
 * The weights in `file`, which must be those of an abstraction of just these layers; its other arrays are left alone.
 */
function givenWeights(frame: Frame, file: string): TensorMap {
  const names = givenArrays(frame, readTensorDirectory(file), file);
  const { tensors } = readTensorFile(file);
  return Object.fromEntries(names.map((name) => [name, finiteFloats(tensors[name]!, name, file)]));
}

/**
 * Names of the arrays in `file` that make up the abstraction, in the order in which they run.
 * @throws CupbearerError `bad-data` if one is missing, too many, of another shape or not of floating-point numbers.
 */
function givenArrays(
  { layers, inputs, output, outputWidth }: Frame,
  stored: ReadonlyMap<string, StoredArray>,
  file: string,
): string[] {
  const names: string[] = [];
  const take = (name: string, shape: readonly (number | undefined)[]): readonly number[] => {
    checkArray(stored.get(name), shape, `"${name}"`, file);
    names.push(name);
    return stored.get(name)!.shape;
  };
  let before = inputs;
  for (const { name, dims } of layers) {
    const tau = tauName(name);
    let width: number;
    if (name === output) {
      width = outputWidth;
    } else if (stored.has(`${tau}.gate`)) {
      width = take(`${tau}.gate`, [dims])[0]!;
    } else {
      width = take(`${tau}.weight`, [undefined, dims])[0]!;
      take(`${tau}.bias`, [width]);
    }
    take(`${stepName(name)}.weight`, [width, before]);
    take(`${stepName(name)}.bias`, [width]);
    before = width;
  }
  const strange = [...stored.keys()].find((name) => /\/(tau|step)\.[a-z]+$/.test(name) && !names.includes(name));
  if (strange === undefined) return names;
  throw new CupbearerError(
    'bad-data',
    `${file} has "${strange}", which an abstraction of ${layers.map(({ name }) => name).join(', ')} does not have.`,
    { hint: 'Look at the layers that the given abstraction was made for.' },
  );
}

/** `undefined` in a shape stands for any positive length. */
function checkArray(
  found: StoredArray | undefined,
  shape: readonly (number | undefined)[],
  what: string,
  file: string,
): void {
  const expected = `[${shape.map((size) => size ?? 'any').join(', ')}]`;
  if (!found) {
    throw new CupbearerError('bad-data', `${file} has no ${what}; the chosen layers need one of shape ${expected}.`);
  }
  const fits =
    found.shape.length === shape.length && shape.every((size, i) => found.shape[i]! === (size ?? found.shape[i]!));
  if (!fits || found.shape.includes(0)) {
    throw new CupbearerError(
      'bad-data',
      `Expected ${what} in ${file} to have shape ${expected}, found [${found.shape.join(', ')}].`,
    );
  }
  if (found.type !== 'F32' && found.type !== 'F64') {
    throw new CupbearerError('bad-data', `Expected ${what} in ${file} to hold floating-point numbers.`);
  }
}

/** The array as float32. @throws CupbearerError `bad-data` if a number is not finite. */
function finiteFloats({ shape, data: stored }: NamedTensor, name: string, file: string): NamedTensor {
  const data = Float32Array.from(stored);
  if (!data.every(Number.isFinite)) {
    throw new CupbearerError(
      'bad-data',
      `Expected "${name}" in ${file} to be finite, found ${data.find((value) => !Number.isFinite(value))}.`,
    );
  }
  return { shape: [...shape], data };
}
