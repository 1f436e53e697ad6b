import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { explainFaults } from '../../../shared/schema/problems.ts';
import { graphInput, layerGraph, type Activation, type GraphLayer, type LayerGraph } from '../graph/layer-graph.ts';
import { layerWords, type KerasLayer, type KerasTopology } from './topology.ts';

/** Which array of the Keras model a weight of the graph is, and how its axes are turned. */
export interface WeightSource {
  /** The name in the graph: `conv1.weight`. */
  readonly target: string;
  readonly layer: string;
  readonly weight: string;
  /** The order of the axes of PyTorch's layout in Keras'. */
  readonly axes: readonly number[];
  /** The shape that Keras' array is seen as before its axes are turned, by its own; its own unless given. */
  readonly seenAs?: (shape: readonly number[]) => number[];
}

/** What a Keras model becomes. */
interface ConvertedTopology {
  graph: LayerGraph;
  weights: WeightSource[];
}

/** Layers that change nothing once a model is trained. */
const passedOver = new Set([
  'Dropout', 'SpatialDropout1D', 'SpatialDropout2D', 'AlphaDropout', 'GaussianDropout', 'GaussianNoise', 'ActivityRegularization',
]); // prettier-ignore

const mergers: Readonly<Record<string, 'add' | 'multiply' | 'average' | 'maximum' | 'subtract' | 'concatenate'>> = {
  Add: 'add',
  Multiply: 'multiply',
  Average: 'average',
  Maximum: 'maximum',
  Subtract: 'subtract',
  Concatenate: 'concatenate',
};

const knownClasses =
  'Dense, Conv2D, DepthwiseConv2D, SeparableConv2D, BatchNormalization, Activation, ReLU, LeakyReLU, ELU, Softmax, MaxPooling2D, ' +
  'AveragePooling2D, GlobalMaxPooling2D, GlobalAveragePooling2D, ZeroPadding2D, Flatten, Reshape, Rescaling, Dropout and the like, ' +
  'and Add, Multiply, Average, Maximum, Subtract and Concatenate';

const channelsLast = z.literal('channels_last').nullish();
const isNone = z.null().optional();
const pair = z.union([z.int().transform((side): [number, number] => [side, side]), z.tuple([z.int(), z.int()])]);
const padding = z.enum(['same', 'valid']).default('valid');
const activationName = z.union([z.string().max(100), z.null()]).optional();
const convolution = {
  kernel_size: pair,
  strides: pair.default([1, 1]),
  dilation_rate: pair.default([1, 1]),
  padding,
  data_format: channelsLast,
  use_bias: z.boolean().default(true),
  activation: activationName,
};
const schemas = {
  dense: z.object({ units: z.int(), use_bias: z.boolean().default(true), activation: activationName }),
  conv: z.object({ ...convolution, filters: z.int(), groups: z.literal(1).nullish() }),
  depthwise: z.object({ ...convolution, depth_multiplier: z.int().default(1) }),
  separable: z.object({ ...convolution, filters: z.int(), depth_multiplier: z.int().default(1) }),
  norm: z.object({
    axis: z.union([z.int(), z.tuple([z.int()])]).default(-1),
    epsilon: z.number().default(1e-3),
    center: z.boolean().default(true),
    scale: z.boolean().default(true),
  }),
  activation: z.object({ activation: z.string().max(100) }),
  relu: z.object({
    max_value: z.number().positive().nullish(),
    negative_slope: z.union([z.number(), z.tuple([z.number()])]).nullish(),
    threshold: z.literal(0).nullish(),
  }),
  leaky: z.object({ alpha: z.number().optional(), negative_slope: z.number().optional() }),
  elu: z.object({ alpha: z.number().default(1) }),
  softmax: z.object({ axis: z.literal(-1).nullish() }),
  pool: z.object({ pool_size: pair.default([2, 2]), strides: pair.nullish(), padding, data_format: channelsLast }),
  globalPool: z.object({ data_format: channelsLast, keepdims: z.boolean().nullish() }),
  pad: z.object({
    padding: z.union([
      z.int().transform((side): [[number, number], [number, number]] => [
        [side, side],
        [side, side],
      ]),
      z.tuple([z.tuple([z.int(), z.int()]), z.tuple([z.int(), z.int()])]),
      z.tuple([z.int(), z.int()]).transform(([rows, columns]): [[number, number], [number, number]] => [
        [rows, rows],
        [columns, columns],
      ]),
    ]),
    data_format: channelsLast,
  }),
  flatten: z.object({ data_format: channelsLast }),
  reshape: z.object({ target_shape: z.array(z.int()).min(1).max(4) }),
  rescale: z.object({ scale: z.number(), offset: z.number().default(0) }),
  concatenate: z.object({ axis: z.int().default(-1) }),
  other: z.object({ axis: isNone }),
};

/**
 * The graph of a Keras model, and where its weights are. A softmax at the end is left out, because the program takes the
 * outputs for logits; one sigmoid becomes the logits of two classes.
 * @throws CupbearerError `bad-data` naming `source`, and layer and class of what is not known.
 */
export function graphOfTopology({ layers, inputShape }: KerasTopology, source: string): ConvertedTopology {
  const converter = new Converter(source, inputShape.length);
  for (const layer of layers) converter.add(layer);
  return converter.result();
}

class Converter {
  readonly #source: string;
  readonly #inputAxes: number;
  readonly #graph: GraphLayer[] = [];
  readonly #weights: WeightSource[] = [];
  /** What a layer's output is called in the graph: layers that change nothing are those before them. */
  readonly #outputs = new Map<string, string>([[graphInput, graphInput]]);

  constructor(source: string, inputAxes: number) {
    this.#source = source;
    this.#inputAxes = inputAxes;
  }

  add(layer: KerasLayer): void {
    const { name, className } = layer;
    const inputs = layer.inputs.map((input) => this.#outputs.get(input)!);
    if (passedOver.has(className)) this.#outputs.set(name, inputs[0]!);
    else {
      this.#convert(layer, inputs);
      this.#outputs.set(name, this.#graph.at(-1).name);
    }
  }

  result(): ConvertedTopology {
    const last = this.#graph.at(-1);
    const isEnd = (...functions: string[]) =>
      last?.kind === 'activation' && functions.includes(last.activation.function) && this.#graph.length > 1;
    if (isEnd('softmax')) this.#graph.pop();
    const before = this.#graph.at(-2);
    if (isEnd('sigmoid') && before?.kind === 'linear' && before.outputs === 1) {
      this.#graph.pop();
      this.#graph.push({ name: this.#inner('two_classes'), kind: 'two-classes', inputs: [before.name] });
    }
    const parsed = layerGraph.safeParse(this.#graph);
    if (!parsed.success) {
      const faults = explainFaults(parsed.error.issues, this.#graph);
      throw new CupbearerError('bad-data', `"${this.#source}": its layers cannot be taken. ${faults}`);
    }
    return { graph: parsed.data, weights: this.#weights };
  }

  #convert(layer: KerasLayer, inputs: string[]): void {
    const { name, className } = layer;
    switch (className) {
      case 'Dense': {
        const { units, use_bias: bias, activation } = this.#config(layer, schemas.dense);
        this.#push({ name, inputs, kind: 'linear', outputs: units, bias });
        this.#weight(layer, name, 'weight', 'kernel', [1, 0]);
        if (bias) this.#weight(layer, name, 'bias', 'bias', [0]);
        return this.#activated(layer, activation);
      }
      case 'Conv2D': {
        const config = this.#config(layer, schemas.conv);
        const { filters: outputs, activation, use_bias: bias } = config;
        this.#push({ name, inputs, kind: 'conv', outputs, ...geometry(config) });
        this.#weight(layer, name, 'weight', 'kernel', [3, 2, 0, 1]);
        if (bias) this.#weight(layer, name, 'bias', 'bias', [0]);
        return this.#activated(layer, activation);
      }
      case 'DepthwiseConv2D': {
        const config = this.#config(layer, schemas.depthwise);
        this.#push({ name, inputs, kind: 'depthwise', multiplier: config.depth_multiplier, ...geometry(config) });
        this.#depthwiseWeight(layer, name);
        if (config.use_bias) this.#weight(layer, name, 'bias', 'bias', [0]);
        return this.#activated(layer, config.activation);
      }
      case 'SeparableConv2D':
        return this.#separable(layer, inputs);
      case 'BatchNormalization':
        return this.#norm(layer, inputs);
      case 'Activation':
        return this.#activated(layer, this.#config(layer, schemas.activation).activation, inputs);
      case 'ReLU': {
        const { max_value: most, negative_slope: slopes } = this.#config(layer, schemas.relu);
        const slope = Array.isArray(slopes) ? slopes[0] : (slopes ?? 0);
        if (slope !== 0 && typeof most === 'number')
          throw this.#bad(layer, 'expected a negative_slope or a max_value, found both');
        return this.#activation(
          name,
          inputs,
          slope !== 0
            ? { function: 'leaky-relu', slope }
            : { function: 'relu', ...(typeof most === 'number' ? { most } : {}) },
        );
      }
      case 'LeakyReLU': {
        // Keras 2 calls it alpha and has 0.3 where nothing is said.
        const { alpha, negative_slope: slope } = this.#config(layer, schemas.leaky);
        return this.#activation(name, inputs, { function: 'leaky-relu', slope: slope ?? alpha ?? 0.3 });
      }
      case 'ELU':
        return this.#activation(name, inputs, { function: 'elu', slope: this.#config(layer, schemas.elu).alpha });
      case 'Softmax':
        this.#config(layer, schemas.softmax);
        return this.#activation(name, inputs, { function: 'softmax' });
      case 'MaxPooling2D':
      case 'AveragePooling2D': {
        const { pool_size: size, strides, padding: pad } = this.#config(layer, schemas.pool);
        const kind = className === 'MaxPooling2D' ? 'max-pool' : 'average-pool';
        return this.#push({ name, inputs, kind, size, stride: strides ?? size, padding: pad });
      }
      case 'GlobalMaxPooling2D':
      case 'GlobalAveragePooling2D': {
        const { keepdims } = this.#config(layer, schemas.globalPool);
        const kind = className === 'GlobalMaxPooling2D' ? 'global-max-pool' : 'global-average-pool';
        return this.#push({ name, inputs, kind, keepsAxes: keepdims ?? false });
      }
      case 'ZeroPadding2D': {
        const [rows, columns] = this.#config(layer, schemas.pad).padding;
        return this.#push({ name, inputs, kind: 'pad', rows, columns });
      }
      case 'Flatten':
        this.#config(layer, schemas.flatten);
        return this.#push({ name, inputs, kind: 'flatten' });
      case 'Reshape': {
        const { target_shape: shape } = this.#config(layer, schemas.reshape);
        if (shape.join() === '-1') return this.#push({ name, inputs, kind: 'flatten' });
        return this.#push({ name, inputs, kind: 'reshape', shape });
      }
      case 'Rescaling': {
        const { scale, offset } = this.#config(layer, schemas.rescale);
        return this.#push({ name, inputs, kind: 'rescale', scale, offset });
      }
      default:
        return this.#merge(layer, inputs);
    }
  }

  #merge(layer: KerasLayer, inputs: string[]): void {
    const { name, className, kerasName } = layer;
    const kind = Object.hasOwn(mergers, className) ? mergers[className] : undefined;
    if (kind === undefined) {
      throw new CupbearerError(
        'bad-data',
        `${layerWords(this.#source, kerasName, className)} is not supported: expected ${knownClasses}.`,
        { hint: 'Leave it out of the model if its outputs do not need it, or export the activations instead.' },
      );
    }
    if (inputs.length < 2) throw this.#bad(layer, `expected two inputs or more, found ${inputs.length}`);
    if (kind === 'subtract' && inputs.length > 2) throw this.#bad(layer, `expected two inputs, found ${inputs.length}`);
    if (kind === 'concatenate') {
      const { axis } = this.#config(layer, schemas.concatenate);
      // With the axis of the samples counted, the last one of images is 3, of lists of values 1.
      if (axis !== -1 && axis !== 3 && axis !== 1) throw this.#bad(layer, `expected the last axis, found axis ${axis}`);
      if (axis === 1 && this.#inputAxes !== 1 && !this.#isFlat(inputs[0]!))
        throw this.#bad(layer, 'expected the last axis, found axis 1');
    } else this.#config(layer, schemas.other);
    this.#push({ name, inputs, kind });
  }

  /** Whether what a layer gives has one axis, as far as its kind tells. */
  #isFlat(name: string): boolean {
    const found = this.#graph.find((layer) => layer.name === name);
    if (found === undefined) return false;
    if (found.kind === 'flatten' || found.kind === 'linear') return true;
    if (found.kind === 'global-max-pool' || found.kind === 'global-average-pool') return !found.keepsAxes;
    return !['conv', 'depthwise', 'pad', 'max-pool', 'average-pool', 'reshape'].includes(found.kind)
      ? this.#isFlat(found.inputs[0]!)
      : false;
  }

  #separable(layer: KerasLayer, inputs: string[]): void {
    const config = this.#config(layer, schemas.separable);
    const { name } = layer;
    const { filters: outputs, depth_multiplier: multiplier, use_bias: bias } = config;
    const first = this.#inner(`${name}_depthwise`);
    this.#push({ name: first, inputs, kind: 'depthwise', multiplier, ...geometry(config), bias: false });
    this.#depthwiseWeight(layer, first);
    this.#push({ name, inputs: [first], kind: 'conv', outputs, kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padding: 'valid', bias }); // prettier-ignore
    this.#weight(layer, name, 'weight', 'pointwise_kernel', [3, 2, 0, 1]);
    if (bias) this.#weight(layer, name, 'bias', 'bias', [0]);
    this.#activated(layer, config.activation);
  }

  #norm(layer: KerasLayer, inputs: string[]): void {
    const { axis, epsilon, center, scale } = this.#config(layer, schemas.norm);
    const [along] = [axis].flat();
    if (along !== -1 && along !== 3 && !(along === 1 && this.#isFlat(inputs[0]!)))
      throw this.#bad(layer, `expected the last axis, found axis ${along!}`);
    const { name } = layer;
    this.#push({ name, inputs, kind: 'norm', epsilon, scale, shift: center });
    if (scale) this.#weight(layer, name, 'weight', 'gamma', [0]);
    if (center) this.#weight(layer, name, 'bias', 'beta', [0]);
    this.#weight(layer, name, 'running_mean', 'moving_mean', [0]);
    this.#weight(layer, name, 'running_var', 'moving_variance', [0]);
  }

  /** What a layer does to its own output, or one of class Activation to its inputs. */
  #activated(layer: KerasLayer, name: string | null | undefined, inputs?: string[]): void {
    const own = inputs === undefined ? this.#inner(`${layer.name}_${name ?? 'linear'}`) : layer.name;
    const from = inputs ?? [layer.name];
    switch (name) {
      case null:
      case undefined:
      case 'linear':
        if (inputs !== undefined) this.#push({ name: own, inputs, kind: 'rescale', scale: 1, offset: 0 });
        return;
      case 'relu':
        return this.#activation(own, from, { function: 'relu' });
      case 'relu6':
        return this.#activation(own, from, { function: 'relu', most: 6 });
      case 'elu':
        return this.#activation(own, from, { function: 'elu', slope: 1 });
      case 'leaky_relu':
        return this.#activation(own, from, { function: 'leaky-relu', slope: 0.2 });
      case 'swish':
      case 'silu':
        return this.#activation(own, from, { function: 'swish' });
      case 'softmax':
      case 'sigmoid':
      case 'tanh':
      case 'softplus':
      case 'softsign':
      case 'selu':
      case 'exponential':
        return this.#activation(own, from, { function: name });
      default:
        throw this.#bad(
          layer,
          `expected an activation of linear, relu, relu6, leaky_relu, elu, selu, swish, sigmoid, tanh, softplus, softsign, exponential or softmax, found "${name}"`,
        );
    }
  }

  #activation(name: string, inputs: string[], activation: Activation): void {
    this.#push({ name, inputs, kind: 'activation', activation });
  }

  #push(layer: GraphLayer): void {
    this.#graph.push(layer);
  }

  /** A name for a layer that Keras has inside of another. */
  #inner(wanted: string): string {
    let name = wanted;
    for (let k = 2; this.#graph.some((layer) => layer.name === name) || this.#outputs.has(name); k++)
      name = `${wanted}_${k}`;
    return name;
  }

  #weight({ kerasName }: KerasLayer, name: string, ours: string, weight: string, axes: readonly number[]): void {
    this.#weights.push({ target: `${name}.${ours}`, layer: kerasName, weight, axes });
  }

  /** Keras has [height, width, channels, multiplier], PyTorch [channels * multiplier, 1, height, width]. */
  #depthwiseWeight({ kerasName }: KerasLayer, name: string): void {
    const seenAs = ([height, width, channels, multiplier]: readonly number[]) => [
      height!,
      width!,
      channels! * (multiplier ?? 1),
      1,
    ];
    this.#weights.push({ target: `${name}.weight`, layer: kerasName, weight: 'depthwise_kernel', axes: [2, 3, 0, 1], seenAs }); // prettier-ignore
  }

  #config<S extends z.ZodType>(layer: KerasLayer, schema: S): z.infer<S> {
    const parsed = schema.safeParse(layer.config);
    if (parsed.success) return parsed.data;
    throw this.#bad(layer, `its settings cannot be taken. ${explainFaults(parsed.error.issues, layer.config)}`);
  }

  #bad({ kerasName, className }: KerasLayer, sentence: string): CupbearerError {
    const end = sentence.endsWith('.') ? '' : '.';
    return new CupbearerError('bad-data', `${layerWords(this.#source, kerasName, className)}: ${sentence}${end}`);
  }
}

function geometry(config: {
  kernel_size: [number, number];
  strides: [number, number];
  dilation_rate: [number, number];
  padding: 'same' | 'valid';
  use_bias: boolean;
}) {
  const { kernel_size: kernel, strides: stride, dilation_rate: dilation, padding: pad, use_bias: bias } = config;
  return { kernel, stride, dilation, padding: pad, bias };
}
