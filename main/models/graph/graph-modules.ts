import * as tf from '@tensorflow/tfjs-core';
import { CupbearerError } from '../../../shared/errors.ts';
import { convolution, dense } from '../../tensor/layers.ts';
import { globalAveragePool, globalMaxPool, type Module, type Parameter, type Shape } from '../modules.ts';
import type { Activation, GraphLayerOf, GraphLayer } from './layer-graph.ts';

const leaf = { children: () => [] };
const unchanged = (input: Shape) => input;
const noParameters = () => [];

/** Size of a window's output along an axis, as TensorFlow counts it. */
function along(size: number, window: number, stride: number, padding: 'same' | 'valid', dilation = 1): number {
  if (padding === 'same') return Math.ceil(size / stride);
  return Math.floor((size - (window - 1) * dilation - 1) / stride) + 1;
}

/** `y = x W + b` on the last axis; PyTorch's name and layout of the weights. */
function linearOf({ outputs, bias }: GraphLayerOf<'linear'>): Module {
  return {
    ...leaf,
    kind: 'linear',
    outputShape: (input) => [...input.slice(0, -1), outputs],
    parameters: (input) => {
      const fanIn = input.at(-1)!;
      return [{ name: 'weight', shape: [fanIn, outputs], toTorch: [1, 0], fanIn }, ...biasOf(bias, outputs, fanIn)];
    },
    forward: (x, call) => {
      const rows = x.rank === 2 ? x : tf.reshape(x, [-1, x.shape.at(-1)!]);
      const shift = bias ? call.weight('bias') : tf.zeros([outputs]);
      const y = dense(rows as tf.Tensor2D, call.weight('weight') as tf.Tensor2D, shift as tf.Tensor1D);
      return x.rank === 2 ? y : tf.reshape(y, [...x.shape.slice(0, -1), outputs]);
    },
  };
}

function biasOf(bias: boolean, outputs: number, fanIn: number): Parameter[] {
  return bias ? [{ name: 'bias', shape: [outputs], toTorch: [0], fanIn }] : [];
}

function convOf({ outputs, kernel, stride, dilation, padding, bias }: GraphLayerOf<'conv'>): Module {
  const isDilated = dilation.some((step) => step !== 1);
  return {
    ...leaf,
    kind: 'conv',
    outputShape: (input) => [...spatial(input, kernel, stride, padding, dilation), outputs],
    parameters: ([, , channels]) => {
      const fanIn = kernel[0] * kernel[1] * channels!;
      return [
        { name: 'weight', shape: [...kernel, channels!, outputs], toTorch: [3, 2, 0, 1], fanIn },
        ...biasOf(bias, outputs, fanIn),
      ];
    },
    forward: (x, call) => {
      const [image, filter] = [x as tf.Tensor4D, call.weight('weight') as tf.Tensor4D];
      const shift = (bias ? call.weight('bias') : tf.zeros([outputs])) as tf.Tensor1D;
      if (!isDilated) return convolution(image, filter, shift, stride, padding);
      return tf.add(tf.conv2d(image, filter, stride, padding, 'NHWC', dilation), shift);
    },
  };
}

/** A convolution of each channel on its own; PyTorch's layout of the weights: [channels * multiplier, 1, height, width]. */
function depthwiseOf({ multiplier, kernel, stride, dilation, padding, bias }: GraphLayerOf<'depthwise'>): Module {
  const [height, width] = kernel;
  return {
    ...leaf,
    kind: 'conv',
    outputShape: (input) => [...spatial(input, kernel, stride, padding, dilation), input[2]! * multiplier],
    parameters: ([, , channels]) => {
      const fanIn = height * width;
      const outputs = channels! * multiplier;
      return [
        { name: 'weight', shape: [height, width, outputs, 1], toTorch: [2, 3, 0, 1], fanIn },
        ...biasOf(bias, outputs, fanIn),
      ];
    },
    forward: (x, call) => {
      const channels = x.shape[3]!;
      const filter = tf.reshape<tf.Rank.R4>(call.weight('weight'), [height, width, channels, multiplier]);
      const y = tf.depthwiseConv2d(x as tf.Tensor4D, filter, stride, padding, 'NHWC', dilation);
      return bias ? tf.add(y, call.weight('bias')) : y;
    },
  };
}

function spatial(
  [height, width]: Shape,
  window: readonly [number, number],
  stride: readonly [number, number],
  padding: 'same' | 'valid',
  dilation: readonly [number, number] = [1, 1],
): [number, number] {
  return [
    along(height!, window[0], stride[0], padding, dilation[0]),
    along(width!, window[1], stride[1], padding, dilation[1]),
  ];
}

/** Batch normalisation by the running mean and variance, which an imported network keeps as they are. */
function normOf({ epsilon, scale, shift }: GraphLayerOf<'norm'>): Module {
  const each = (name: string, input: Shape, initial: number): Parameter => ({
    name,
    shape: [input.at(-1)!],
    toTorch: [0],
    fanIn: 1,
    initial,
  });
  return {
    ...leaf,
    kind: 'norm',
    outputShape: unchanged,
    parameters: (input) => [...(scale ? [each('weight', input, 1)] : []), ...(shift ? [each('bias', input, 0)] : [])],
    buffers: (input) => [
      { name: 'running_mean', shape: [input.at(-1)!], initial: 0 },
      { name: 'running_var', shape: [input.at(-1)!], initial: 1 },
    ],
    forward: (x, call) => {
      const root = tf.rsqrt(tf.add(call.buffer('running_var'), epsilon));
      const factor = scale ? tf.mul(call.weight('weight'), root) : root;
      const moved = tf.neg(tf.mul(call.buffer('running_mean'), factor));
      return tf.add(tf.mul(x, factor), shift ? tf.add(call.weight('bias'), moved) : moved);
    },
  };
}

/** Klambauer et al. 2017: with these two numbers the mean and variance of a standard normal input are kept. */
const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

function activate(x: tf.Tensor, activation: Activation): tf.Tensor {
  switch (activation.function) {
    case 'relu':
      if (activation.most === undefined) return tf.relu(x);
      return activation.most === 6 ? tf.relu6(x) : tf.clipByValue(x, 0, activation.most);
    case 'leaky-relu':
      return tf.leakyRelu(x, activation.slope);
    case 'elu':
      return elu(x, activation.slope);
    case 'selu':
      return tf.mul(elu(x, seluAlpha), seluScale);
    case 'softmax':
      return tf.softmax(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'tanh':
      return tf.tanh(x);
    case 'softplus':
      return tf.softplus(x);
    case 'softsign':
      return tf.div(x, tf.add(tf.abs(x), 1));
    case 'swish':
      return tf.mul(x, tf.sigmoid(x));
    case 'exponential':
      return tf.exp(x);
  }
}

/** `x` above 0, `slope (exp(x) - 1)` below. */
function elu(x: tf.Tensor, slope: number): tf.Tensor {
  return tf.add(tf.relu(x), tf.mul(tf.sub(tf.exp(tf.minimum(x, 0)), 1), slope));
}

function poolOf({ kind, size, stride, padding }: GraphLayerOf<'max-pool' | 'average-pool'>): Module {
  const pool = kind === 'max-pool' ? tf.maxPool : tf.avgPool;
  return {
    ...leaf,
    kind: 'pool',
    outputShape: (input) => [...spatial(input, size, stride, padding), input[2]!],
    parameters: noParameters,
    forward: (x) => pool(x as tf.Tensor4D, size, stride, padding),
  };
}

function globalPoolOf({ kind, keepsAxes }: GraphLayerOf<'global-max-pool' | 'global-average-pool'>): Module {
  const pool = kind === 'global-max-pool' ? globalMaxPool() : globalAveragePool();
  if (!keepsAxes) return pool;
  return {
    ...pool,
    outputShape: ([, , channels]) => [1, 1, channels!],
    forward: (x, call) => tf.reshape(pool.forward(x, call), [x.shape[0], 1, 1, x.shape[3]!]),
  };
}

function padOf({ rows, columns }: GraphLayerOf<'pad'>): Module {
  return {
    ...leaf,
    kind: 'reshape',
    outputShape: ([height, width, channels]) => [
      height! + rows[0] + rows[1],
      width! + columns[0] + columns[1],
      channels!,
    ],
    parameters: noParameters,
    forward: (x) => tf.pad(x as tf.Tensor4D, [[0, 0], rows, columns, [0, 0]]),
  };
}

/** Gives each sample another shape, its values in the same order (row, column, channel). */
function reshapeTo(shapeOf: (input: Shape) => Shape): Module {
  return {
    ...leaf,
    kind: 'reshape',
    outputShape: shapeOf,
    parameters: noParameters,
    forward: (x) => tf.reshape(x, [x.shape[0], ...shapeOf(x.shape.slice(1))]),
  };
}

function elementWise(forward: (x: tf.Tensor) => tf.Tensor): Module {
  return { ...leaf, kind: 'activation', outputShape: unchanged, parameters: noParameters, forward };
}

/** One logit as those of two classes, of which the first stands at 0: the softmax of both is the sigmoid of the one. */
function twoClasses(): Module {
  return {
    ...leaf,
    kind: 'reshape',
    outputShape: () => [2],
    parameters: noParameters,
    forward: (x) =>
      tf.pad(x as tf.Tensor2D, [
        [0, 0],
        [1, 0],
      ]),
  };
}

/** What several inputs become one by, before the module of their layer hands it on. */
export function merged(kind: GraphLayer['kind'], values: readonly tf.Tensor[]): tf.Tensor {
  const [first, ...others] = values as [tf.Tensor, ...tf.Tensor[]];
  switch (kind) {
    case 'concatenate':
      return values.length === 1 ? first : tf.concat([...values], -1);
    case 'multiply':
      return others.reduce((a, b) => tf.mul(a, b), first);
    case 'maximum':
      return others.reduce((a, b) => tf.maximum(a, b), first);
    case 'subtract':
      return others.reduce((a, b) => tf.sub(a, b), first);
    case 'average':
      return tf.div(
        others.reduce((a, b) => tf.add(a, b), first),
        values.length,
      );
    default:
      return others.reduce((a, b) => tf.add(a, b), first);
  }
}

/** The shape that {@link merged} gives. @throws CupbearerError `usage` naming the layer if the inputs do not go together. */
export function mergedShape({ name, kind }: GraphLayer, shapes: readonly Shape[]): Shape {
  const [first, ...others] = shapes as [Shape, ...Shape[]];
  if (others.length === 0) return first;
  const isOne = ['add', 'multiply', 'average', 'maximum', 'subtract', 'concatenate'].includes(kind);
  const refuse = (expected: string) => {
    const found = shapes.map((shape) => `[${shape.join(', ')}]`).join(', ');
    throw new CupbearerError('usage', `The layer "${name}" (${kind}): expected ${expected}, found ${found}.`);
  };
  if (!isOne) refuse('one input');
  if (shapes.some(({ length }) => length !== first.length)) refuse('inputs of as many axes');
  if (kind === 'concatenate') {
    const before = (shape: Shape) => shape.slice(0, -1).join();
    if (others.some((shape) => before(shape) !== before(first))) refuse('inputs that differ in the last axis alone');
    return [...first.slice(0, -1), shapes.reduce((sum, shape) => sum + shape.at(-1)!, 0)];
  }
  return first.map((_, axis) => {
    const sizes = shapes.map((shape) => shape[axis]!);
    const most = Math.max(...sizes);
    if (sizes.some((size) => size !== most && size !== 1)) refuse('inputs of one shape');
    return most;
  });
}

/** How many axes a sample must have for a layer; undefined where any number does. */
function axesFor(kind: GraphLayer['kind']): number | undefined {
  switch (kind) {
    case 'conv':
    case 'depthwise':
    case 'max-pool':
    case 'average-pool':
    case 'global-max-pool':
    case 'global-average-pool':
    case 'pad':
      return 3;
    case 'two-classes':
      return 1;
    default:
      return undefined;
  }
}

/** @throws CupbearerError `usage` naming the layer if an input of this shape does not go through it. */
export function checkGoesThrough(layer: GraphLayer, module: Module, input: Shape): void {
  const { name, kind } = layer;
  const shown = `[${input.join(', ')}]`;
  const fault = (expected: string) =>
    new CupbearerError('usage', `The layer "${name}" (${kind}): expected ${expected}, found ${shown}.`);
  const axes = axesFor(kind);
  if (axes !== undefined && input.length !== axes)
    throw fault(axes === 3 ? 'an image of height, width and channels' : 'a list of values');
  if (kind === 'two-classes' && input[0] !== 1) throw fault('one value');
  const output = module.outputShape(input);
  if (!output.every((size) => Number.isSafeInteger(size) && size > 0)) throw fault('an input as large as its window');
  const count = (shape: Shape) => shape.reduce((product, size) => product * size, 1);
  if (kind === 'reshape' && count(output) !== count(input)) throw fault(`${count(output)} values`);
}

/** The module of a layer; one of several inputs gets them {@link merged} and hands them on. */
export function moduleOf(layer: GraphLayer): Module {
  switch (layer.kind) {
    case 'linear':
      return linearOf(layer);
    case 'conv':
      return convOf(layer);
    case 'depthwise':
      return depthwiseOf(layer);
    case 'norm':
      return normOf(layer);
    case 'activation':
      return elementWise((x) => activate(x, layer.activation));
    case 'rescale':
      return elementWise((x) => tf.add(tf.mul(x, layer.scale), layer.offset));
    case 'max-pool':
    case 'average-pool':
      return poolOf(layer);
    case 'global-max-pool':
    case 'global-average-pool':
      return globalPoolOf(layer);
    case 'pad':
      return padOf(layer);
    case 'flatten':
      return reshapeTo((input) => [input.reduce((product, size) => product * size, 1)]);
    case 'reshape':
      return reshapeTo(() => layer.shape);
    case 'two-classes':
      return twoClasses();
    default:
      return { ...leaf, kind: 'merge', outputShape: unchanged, parameters: noParameters, forward: (x) => tf.clone(x) };
  }
}
