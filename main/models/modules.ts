import * as tf from '@tensorflow/tfjs-core';
import { convolution, dense } from '../tensor/layers.ts';
import { normaliseBatch } from '../tensor/batch-norm.ts';
import { globalMaxPool as maxOverPositions } from '../tensor/pooling.ts';

/** Shape of one sample: no batch axis. Images are `[height, width, channels]`. */
export type Shape = readonly number[];

/**
 * A trainable array. At run time it has TensorFlow.js' layout (`shape`); in files it has PyTorch's, which is reached by
 * permuting the axes (`toTorch`), so that Python loads the weights without any code of ours.
 */
export interface Parameter {
  name: string;
  shape: number[];
  /** Axis order that turns `shape` into PyTorch's: linear weights [in, out] to [out, in], kernels HWIO to OIHW. */
  toTorch: number[];
  /** Number of inputs that one output sums over; sets the range of the initial values. */
  fanIn: number;
  /** Initial value of all elements, if they are not drawn. */
  initial?: number;
}

/** An array that training keeps up to date without gradients, such as a running mean; saved beside the parameters. */
export interface BufferArray {
  name: string;
  shape: number[];
  initial: number;
}

/** What a module may do while it runs. */
export interface ForwardCall {
  /** Whether the network learns from this batch: statistics are then the batch's own, and are kept. */
  readonly training: boolean;
  weight(name: string): tf.Tensor;
  /** A buffer as it is; a module may assign to it while training. */
  buffer(name: string): tf.Variable;
  /** Runs a child, so that its input and output can be recorded under its own name. */
  child(name: string, module: Module, x: tf.Tensor): tf.Tensor;
}

/** A part of a network: knows its shapes and weights, computes on a batch. */
export interface Module {
  readonly kind:
    'linear' | 'conv' | 'norm' | 'embedding' | 'attention' | 'activation' | 'pool' | 'reshape' | 'merge' | 'container';
  outputShape(input: Shape): Shape;
  parameters(input: Shape): Parameter[];
  buffers?(input: Shape): BufferArray[];
  /** Modules inside, in the order in which they run. */
  children(input: Shape): { name: string; module: Module; input: Shape }[];
  forward(x: tf.Tensor, call: ForwardCall): tf.Tensor;
}

const leaf = { children: () => [] };

/** `y = x W + b` on the last axis, `[n, inputs]` or `[n, length, inputs]`. */
export function linear(outputs: number): Module {
  return {
    ...leaf,
    kind: 'linear',
    outputShape: (input) => [...input.slice(0, -1), outputs],
    parameters: (input) => {
      const inputs = input.at(-1)!;
      return [
        { name: 'weight', shape: [inputs, outputs], toTorch: [1, 0], fanIn: inputs },
        { name: 'bias', shape: [outputs], toTorch: [0], fanIn: inputs },
      ];
    },
    forward: (x, call) => {
      const rows = x.rank === 2 ? x : tf.reshape(x, [-1, x.shape.at(-1)!]);
      const y = dense(rows as tf.Tensor2D, call.weight('weight') as tf.Tensor2D, call.weight('bias') as tf.Tensor1D);
      return x.rank === 2 ? y : tf.reshape(y, [...x.shape.slice(0, -1), outputs]);
    },
  };
}

/**
 * Convolution on `[n, h, w, c]` padded with zeros by half the (odd) kernel on every side, as PyTorch's `padding=k//2`;
 * with stride 1 the output has the input's size.
 */
export function conv(outputs: number, kernelSize: number, { stride = 1, bias = true } = {}): Module {
  const padding = stride === 1 ? 'same' : Math.floor(kernelSize / 2);
  const along = (size: number) =>
    padding === 'same' ? size : Math.floor((size + 2 * padding - kernelSize) / stride) + 1;
  return {
    ...leaf,
    kind: 'conv',
    outputShape: ([height, width]) => [along(height!), along(width!), outputs],
    parameters: ([, , channels]) => {
      const fanIn = kernelSize * kernelSize * channels!;
      return [
        { name: 'weight', shape: [kernelSize, kernelSize, channels!, outputs], toTorch: [3, 2, 0, 1], fanIn },
        ...(bias ? [{ name: 'bias', shape: [outputs], toTorch: [0], fanIn }] : []),
      ];
    },
    forward: (x, call) =>
      convolution(
        x as tf.Tensor4D,
        call.weight('weight') as tf.Tensor4D,
        bias ? (call.weight('bias') as tf.Tensor1D) : tf.zeros([outputs]),
        stride,
        padding,
      ),
  };
}

/** One weight and one bias a channel, with which a normalisation ends; at first they change nothing. */
export function scaleAndShift(input: Shape): Parameter[] {
  const shape = [input.at(-1)!];
  return [
    { name: 'weight', shape, toTorch: [0], fanIn: 1, initial: 1 },
    { name: 'bias', shape, toTorch: [0], fanIn: 1, initial: 0 },
  ];
}

/** Share of the newest batch in the running statistics, and what keeps the root from zero, as PyTorch's defaults. */
const batchNormMomentum = 0.1;
const batchNormEpsilon = 1e-5;

/**
 * Batch normalisation of each channel (Ioffe & Szegedy 2015): by the batch's own mean and variance while training, by
 * their running means else. The running variance is kept with divisor n - 1, as in PyTorch.
 */
export function batchNorm(): Module {
  return {
    ...leaf,
    kind: 'norm',
    outputShape: (input) => input,
    parameters: scaleAndShift,
    buffers: (input) => [
      { name: 'running_mean', shape: [input.at(-1)!], initial: 0 },
      { name: 'running_var', shape: [input.at(-1)!], initial: 1 },
    ],
    forward: (x, call) => {
      const [scale, shift] = [call.weight('weight') as tf.Tensor1D, call.weight('bias') as tf.Tensor1D];
      const [mean, variance] = [call.buffer('running_mean'), call.buffer('running_var')];
      if (!call.training) {
        const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, batchNormEpsilon)));
        return tf.add(tf.mul(x, factor), tf.sub(shift, tf.mul(mean, factor)));
      }
      const { y, ...batch } = normaliseBatch(x, scale, shift, batchNormEpsilon);
      const count = x.size / scale.size;
      const unbiased = tf.mul(batch.variance, count / Math.max(1, count - 1));
      for (const [running, newest] of [
        [mean, batch.mean],
        [variance, unbiased],
      ] as const) {
        running.assign(tf.add(tf.mul(running, 1 - batchNormMomentum), tf.mul(newest, batchNormMomentum)));
      }
      return y;
    },
  };
}

/** `max(x, 0)`. */
export function relu(): Module {
  return {
    ...leaf,
    kind: 'activation',
    outputShape: (input) => input,
    parameters: () => [],
    forward: (x) => tf.relu(x),
  };
}

/** Maximum over windows of 2 x 2; an odd last row or column is dropped, as in PyTorch. */
export function maxPool(): Module {
  return {
    ...leaf,
    kind: 'pool',
    outputShape: ([height, width, channels]) => [Math.floor(height! / 2), Math.floor(width! / 2), channels!],
    parameters: () => [],
    forward: (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'),
  };
}

/** Maximum of each channel over all positions, `[n, h, w, c]` to `[n, c]`. */
export function globalMaxPool(): Module {
  return {
    ...leaf,
    kind: 'pool',
    outputShape: ([, , channels]) => [channels!],
    parameters: () => [],
    forward: (x) => maxOverPositions(x as tf.Tensor4D),
  };
}

/** Mean of each channel over all positions, `[n, h, w, c]` to `[n, c]`. */
export function globalAveragePool(): Module {
  return {
    ...leaf,
    kind: 'pool',
    outputShape: ([, , channels]) => [channels!],
    parameters: () => [],
    forward: (x) => tf.mean(x, [1, 2]),
  };
}

/**
 * `[n, h, w, c]` to `[n, h * w * c]` in PyTorch's order (channel, row, column), so that weights of colour images fit
 * too.
 */
export function flatten(): Module {
  return {
    ...leaf,
    kind: 'reshape',
    outputShape: (input) => [input.reduce((product, size) => product * size, 1)],
    parameters: () => [],
    forward: (x) => {
      const channels = x.shape[3] ?? 1;
      const ordered = x.rank === 4 && channels > 1 ? tf.transpose(x, [0, 3, 1, 2]) : x;
      return tf.reshape(ordered, [x.shape[0], -1]);
    },
  };
}

/** Runs named modules one after the other. */
export function sequential(modules: Record<string, Module>): Module {
  const entries = Object.entries(modules);
  const walk = (input: Shape) => {
    let shape = input;
    return entries.map(([name, module]) => {
      const entry = { name, module, input: shape };
      shape = module.outputShape(shape);
      return entry;
    });
  };
  return {
    kind: 'container',
    outputShape: (input) => entries.reduce((shape, [, module]) => module.outputShape(shape), input),
    parameters: () => [],
    children: walk,
    forward: (x, call) => entries.reduce((value, [name, module]) => call.child(name, module, value), x),
  };
}
