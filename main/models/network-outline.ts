import { unknownName } from '../../shared/definition.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { formatCount } from '../../shared/format.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import type { DatasetFacts } from '../data/dataset.ts';
import type { ArchitectureInput } from './architecture.ts';
import { knownArchitectures } from './architectures/index.ts';
import { hasGradients } from './graph/gradients.ts';
import type { LayerGraph } from './graph/layer-graph.ts';
import type { BufferArray, Module, Parameter, Shape } from './modules.ts';
import type { Preprocessing } from './preprocessing.ts';
import { given } from '../../shared/given.ts';

/** A part of a network that has a name, and whose input or output can be looked at. */
export interface LayerInfo {
  name: string;
  kind: Module['kind'];
  inputShape: Shape;
  outputShape: Shape;
  parameters: number;
}

export interface NetworkSpec {
  /** The architecture's name with its parameters. */
  architecture: Picked;
  inputShape: Shape;
  classes: readonly string[];
  /** How many tokens texts are made of; undefined for other data. */
  vocabulary?: number;
  /** The layers, where the architecture is `graph`. */
  graph?: LayerGraph;
  /** What the model expects of pictures beside {@link normalisation}. */
  preprocessing?: Preprocessing;
  /** How inputs of 0 to 1 are changed before the first layer, if the model was trained elsewhere on other values. */
  normalisation?: Normalisation;
}

/** `(x - mean) / std` for each channel, the last axis of an input, in the order in which the model takes the channels. */
export interface Normalisation {
  mean: readonly number[];
  std: readonly number[];
}

/** The specification of a network for a dataset. */
export function specFor(architecture: Picked, { shape, classes, vocabulary }: DatasetFacts): NetworkSpec {
  return { architecture, inputShape: shape, classes, ...(vocabulary ? { vocabulary: vocabulary.length } : {}) };
}

/** Number of elements of an array of this shape. */
export const sizeOf = (shape: Shape): number => shape.reduce((total, size) => total * size, 1);

/** Most parameters of a network, two gigabytes of them, and most values that one layer makes of a sample. */
const mostParameters = 2 ** 29;
const mostValues = 2 ** 27;

/**
 * What a network is made of: all that can be known of it before it has weights and an engine to run on. It is the outline of a
 * source (`activation-source.ts`).
 */
export class NetworkOutline {
  readonly spec: NetworkSpec;
  /** The whole network as one module. */
  readonly root: Module;
  /** Named parts in the order in which they run; containers come before what they contain. */
  readonly layers: readonly LayerInfo[];
  /** Trainable arrays by PyTorch name. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** What training keeps up to date beside them, by PyTorch name. */
  readonly bufferArrays: ReadonlyMap<string, BufferArray>;

  /** @throws CupbearerError `usage` if the architecture does not fit the data, or the network would be too large. */
  constructor(spec: NetworkSpec) {
    const { name, ...params } = spec.architecture;
    this.spec = spec;
    this.root = knownArchitectures.get(name).build(params, inputOf(spec));
    const found = { layers: [], parameters: new Map(), buffers: new Map() };
    collect('', this.root, spec.inputShape, found);
    this.layers = found.layers;
    this.parameters = found.parameters;
    this.bufferArrays = found.buffers;
    this.#checkSize();
  }

  /** Sizes that multiply to more than memory holds are refused before anything of that size is made. */
  #checkSize(): void {
    const parameters = this.parameterCount;
    if (!(parameters <= mostParameters)) {
      throw tooLarge(`at most ${formatCount(mostParameters)} parameters`, `one of ${formatCount(parameters)}`);
    }
    const large = this.layers.find(
      ({ kind, outputShape }) => kind !== 'container' && !(sizeOf(outputShape) <= mostValues),
    );
    if (!large) return;
    const found = `${formatCount(sizeOf(large.outputShape))} at "${large.name}"`;
    throw tooLarge(`layers of at most ${formatCount(mostValues)} values a sample`, found);
  }

  get network(): this {
    return this;
  }

  get classes(): readonly string[] {
    return this.spec.classes;
  }

  get inputShape(): Shape {
    return this.spec.inputShape;
  }

  get outputWidth(): number {
    return sizeOf(this.root.outputShape(this.spec.inputShape));
  }

  /** Texts have as many tokens as the longest: the shorter ones are filled up. */
  isRagged(): boolean {
    return false;
  }

  /** Whether gradients can be taken through it. */
  get isDifferentiable(): boolean {
    const { architecture, graph = [] } = this.spec;
    return (knownArchitectures.get(architecture.name).isDifferentiable ?? true) && hasGradients(graph);
  }

  /** Names of the trainable arrays of a layer and of what it contains. */
  parametersWithin(layer: string): string[] {
    return [...this.parameters.keys()].filter((name) => name.startsWith(`${layer}.`));
  }

  get parameterCount(): number {
    return this.layers.reduce((total, layer) => total + layer.parameters, 0);
  }

  /** Names that {@link activations} takes: `<layer>.input` and `<layer>.output`. */
  get activationNames(): string[] {
    return this.layers.flatMap(({ name }) => [`${name}.input`, `${name}.output`]);
  }

  /**
   * What detectors look at by default: what the architecture names, else the outputs of all linear and
   * convolution layers, the logits last.
   */
  get defaultActivations(): string[] {
    const { name, ...params } = this.spec.architecture;
    const named = knownArchitectures.get(name).defaultActivations?.(params, inputOf(this.spec));
    if (named) return named;
    return this.layers.filter(({ kind }) => kind === 'linear' || kind === 'conv').map(({ name }) => `${name}.output`);
  }

  /**
   * The activation with one number a class, of which the largest is what is predicted; undefined if the output is not
   * that.
   */
  get classOutput(): string | undefined {
    const output = this.defaultActivations.at(-1);
    if (output === undefined) return undefined;
    return this.activationShape(output).join() === String(this.spec.classes.length) ? output : undefined;
  }

  /**
   * Shape of one sample's activation. @throws CupbearerError `usage` with the list of names if there is no such
   * layer.
   */
  activationShape(name: string): Shape {
    const layer = this.layers.find(
      (candidate) => name === `${candidate.name}.input` || name === `${candidate.name}.output`,
    );
    if (!layer) throw new CupbearerError('usage', unknownName('layer', name, this.activationNames));
    return name.endsWith('.input') ? layer.inputShape : layer.outputShape;
  }
}

/** What an architecture is built for. */
function inputOf({ inputShape, classes, vocabulary, graph }: NetworkSpec): ArchitectureInput {
  return { inputShape, classes: classes.length, ...given({ vocabulary, graph }) };
}

function tooLarge(expected: string, found: string): CupbearerError {
  return new CupbearerError('usage', `The network is too large: expected ${expected}, found ${found}.`, {
    hint: 'Take fewer or smaller layers, or smaller images.',
  });
}

/** Notes a module and, after it, what it contains. */
function collect(
  path: string,
  module: Module,
  input: Shape,
  found: { layers: LayerInfo[]; parameters: Map<string, Parameter>; buffers: Map<string, BufferArray> },
): void {
  const below = (name: string) => (path ? `${path}.${name}` : name);
  const own = module.parameters(input);
  for (const parameter of own) found.parameters.set(below(parameter.name), parameter);
  for (const buffer of module.buffers?.(input) ?? []) found.buffers.set(below(buffer.name), buffer);
  if (path) {
    found.layers.push({
      name: path,
      kind: module.kind,
      inputShape: input,
      outputShape: module.outputShape(input),
      parameters: own.reduce((total, { shape }) => total + sizeOf(shape), 0),
    });
  }
  for (const child of module.children(input)) collect(below(child.name), child.module, child.input, found);
}
