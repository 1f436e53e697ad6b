import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { unknownName } from '../../shared/definition.ts';
import type { NamedTensor, TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { RandomStream } from '../tensor/random.ts';
import { architectureRegistry } from './architectures/index.ts';
import type { ForwardCall, Module, Parameter, Shape } from './modules.ts';

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
}

/** Sees each layer's input and output by name while a network runs; a tensor that it returns takes the value's place. */
export type Intervention = (name: string, value: tf.Tensor) => tf.Tensor | undefined;

/** Ends a forward pass early once everything that was asked for has been seen. */
class EnoughSeen extends Error {}

const product = (shape: Shape) => shape.reduce((total, size) => total * size, 1);

/** A model with weights: runs on batches, gives the activations of any layer by name, loads and saves its weights. */
export class Network {
  readonly spec: NetworkSpec;
  /** Named parts in the order in which they run; containers come before what they contain. */
  readonly layers: readonly LayerInfo[];
  readonly #root: Module;
  readonly #parameters = new Map<string, Parameter>();
  readonly #variables = new Map<string, tf.Variable>();

  /**
   * Builds the network with PyTorch's default initial values, U(-1/sqrt(fan_in), 1/sqrt(fan_in)), from `seed`.
   * @throws CupbearerError `usage` where the architecture does not fit the data.
   */
  constructor(spec: NetworkSpec, seed: number) {
    const { name, ...params } = spec.architecture;
    this.spec = spec;
    this.#root = architectureRegistry
      .get(name)
      .build(params, { inputShape: spec.inputShape, classes: spec.classes.length });
    const layers: LayerInfo[] = [];
    this.#collect('', this.#root, spec.inputShape, layers);
    this.layers = layers;
    const stream = RandomStream.from(seed, 'initial-weights');
    for (const [path, parameter] of this.#parameters) {
      const values = new Float32Array(product(parameter.shape));
      const own = stream.derive(path);
      const bound = 1 / Math.sqrt(parameter.fanIn);
      for (let i = 0; i < values.length; i++) values[i] = (2 * own.uniform() - 1) * bound;
      const initial = tf.tensor(values, parameter.shape);
      this.#variables.set(path, tf.variable(initial, true));
      // The variable holds the values on its own account.
      initial.dispose();
    }
  }

  #collect(path: string, module: Module, input: Shape, layers: LayerInfo[]): void {
    const own = module.parameters(input);
    for (const parameter of own) this.#parameters.set(path ? `${path}.${parameter.name}` : parameter.name, parameter);
    const parameters = own.reduce((total, { shape }) => total + product(shape), 0);
    if (path)
      layers.push({
        name: path,
        kind: module.kind,
        inputShape: input,
        outputShape: module.outputShape(input),
        parameters,
      });
    for (const child of module.children(input)) {
      this.#collect(path ? `${path}.${child.name}` : child.name, child.module, child.input, layers);
    }
  }

  /** Trainable variables by PyTorch name. */
  get variables(): ReadonlyMap<string, tf.Variable> {
    return this.#variables;
  }

  get parameterCount(): number {
    return this.layers.reduce((total, layer) => total + layer.parameters, 0);
  }

  /** Names that {@link activations} takes: `<layer>.input` and `<layer>.output`. */
  get activationNames(): string[] {
    return this.layers.flatMap(({ name }) => [`${name}.input`, `${name}.output`]);
  }

  /** The outputs of all linear and convolution layers, the logits last: what detectors look at unless told otherwise. */
  get defaultActivations(): string[] {
    return this.layers.filter(({ kind }) => kind === 'linear' || kind === 'conv').map(({ name }) => `${name}.output`);
  }

  /** Shape of one sample's activation. @throws CupbearerError `usage` with the list of names where there is no such layer. */
  activationShape(name: string): Shape {
    const layer = this.layers.find(
      (candidate) => name === `${candidate.name}.input` || name === `${candidate.name}.output`,
    );
    if (!layer) throw new CupbearerError('usage', unknownName('layer', name, this.activationNames));
    return name.endsWith('.input') ? layer.inputShape : layer.outputShape;
  }

  /** Logits `[n, classes]` of a batch `[n, ...inputShape]`; `intervene` may look at and replace values on the way. */
  forward(x: tf.Tensor, intervene: Intervention = () => undefined): tf.Tensor2D {
    return this.#run(x, intervene) as tf.Tensor2D;
  }

  /**
   * The named activations of a batch, each `[n, ...shape]`, in one forward pass that stops after the last one asked for.
   * The caller disposes of them.
   */
  activations(x: tf.Tensor, names: readonly string[]): Record<string, tf.Tensor> {
    for (const name of names) this.activationShape(name);
    const wanted = new Set(names);
    const seen: Record<string, tf.Tensor> = {};
    tf.tidy(() => {
      try {
        this.#run(x, (name, value) => {
          if (!wanted.delete(name)) return undefined;
          // An output may be the very tensor that is another layer's input; a clone lets each live on its own.
          seen[name] = tf.keep(tf.clone(value));
          if (wanted.size === 0) throw new EnoughSeen();
          return undefined;
        });
      } catch (error) {
        if (!(error instanceof EnoughSeen)) throw error;
      }
    });
    return seen;
  }

  #run(x: tf.Tensor, see: Intervention): tf.Tensor {
    const callAt = (path: string): ForwardCall => ({
      weight: (name) => this.#variables.get(path ? `${path}.${name}` : name)!,
      child: (name, module, value) => {
        const childPath = path ? `${path}.${name}` : name;
        const input = see(`${childPath}.input`, value) ?? value;
        const output = module.forward(input, callAt(childPath));
        return see(`${childPath}.output`, output) ?? output;
      },
    });
    return this.#root.forward(x, callAt(''));
  }

  /** The weights in PyTorch's names and layout, float32. */
  state(): TensorMap {
    const state: TensorMap = {};
    for (const [path, variable] of this.#variables) {
      const { toTorch } = this.#parameters.get(path)!;
      const torch = tf.tidy(() => tf.transpose(variable as tf.Tensor, toTorch));
      state[path] = { shape: [...torch.shape], data: torch.dataSync<'float32'>() };
      torch.dispose();
    }
    return state;
  }

  /** Takes over weights saved by {@link state}. @throws CupbearerError `bad-data` where a name or shape does not fit. */
  load(state: TensorMap, source: string): void {
    for (const name of Object.keys(state)) {
      if (!this.#parameters.has(name)) {
        throw new CupbearerError(
          'bad-data',
          `${source}: unexpected weight "${name}"; this model has ${[...this.#parameters.keys()].join(', ')}.`,
        );
      }
    }
    for (const [path, parameter] of this.#parameters) {
      const saved = state[path];
      const expected = parameter.toTorch.map((axis) => parameter.shape[axis]!);
      if (!saved) throw new CupbearerError('bad-data', `${source}: the weight "${path}" is missing.`);
      if (saved.shape.join() !== expected.join()) {
        throw new CupbearerError(
          'bad-data',
          `${source}: the weight "${path}" has shape [${saved.shape.join(', ')}], expected [${expected.join(', ')}].`,
        );
      }
      tf.tidy(() => {
        const inverse = parameter.toTorch.map((_, axis) => parameter.toTorch.indexOf(axis));
        const values = tf.transpose(tf.tensor(Float32Array.from(saved.data), saved.shape), inverse);
        this.#variables.get(path)!.assign(values);
      });
    }
  }

  /** A network of the same weights that changes on its own; the caller disposes of it. */
  clone(): Network {
    const copy = new Network(this.spec, 0);
    copy.load(this.state(), 'clone');
    return copy;
  }

  /** Frees the weights. */
  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
    this.#variables.clear();
  }
}

/** SHA-256 (hex) over names, shapes and values, sorted by name. */
export function fingerprintTensors(tensors: TensorMap): string {
  const hash = createHash('sha256');
  for (const [name, tensor] of Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}[${tensor.shape.join()}]`).update(bytesOf(tensor));
  }
  return hash.digest('hex');
}

function bytesOf({ data }: NamedTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
