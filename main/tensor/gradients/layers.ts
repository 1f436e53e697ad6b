import * as tf from '@tensorflow/tfjs-core';
import { ownKernels } from '../own-kernels.ts';
import type { GradientDefinition } from './gradient-definition.ts';

interface ConvAttrs extends tf.NamedAttrMap {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | number[][];
  dataFormat: 'NHWC' | 'NCHW';
  dimRoundingMode: 'floor' | 'round' | 'ceil';
  dilations: [number, number] | number;
}

function convolutionGradients(dy: tf.Tensor, x: tf.Tensor, filter: tf.Tensor, attrs: ConvAttrs) {
  const { strides, pad, dataFormat, dimRoundingMode, dilations } = attrs;
  if ([dilations].flat().some((dilation) => dilation !== 1))
    throw new Error(`The gradient of conv2d is for dilation 1, got ${[dilations].flat().join(', ')}.`);
  const shared = { strides, pad, dataFormat, dimRoundingMode };
  const { engine } = tf;
  return {
    x: () => engine().runKernel<tf.Tensor>(tf.Conv2DBackpropInput, { dy, filter }, { ...shared, inputShape: x.shape }),
    filter: () =>
      engine().runKernel<tf.Tensor>(tf.Conv2DBackpropFilter, { x, dy }, { ...shared, filterShape: filter.shape }),
  };
}

/** Products and convolutions, and the pooling between them. */
export const layerGradients: readonly GradientDefinition[] = [
  {
    kernelName: tf.BatchMatMul,
    inputsToSave: ['a', 'b'],
    gradient: (dy, saved, attrs) => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
      return {
        a: () => unbroadcast(transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB), a),
        b: () => unbroadcast(transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false), b),
      };
    },
  },
  {
    kernelName: ownKernels.dense,
    inputsToSave: ['x', 'weights'],
    gradient: (dy, [x, weights]) => ({
      x: () => tf.matMul(dy, weights!, false, true),
      weights: () => tf.matMul(x!, dy, true, false),
      bias: () => tf.sum(dy, 0),
    }),
  },
  {
    kernelName: tf.Conv2D,
    inputsToSave: ['x', 'filter'],
    gradient: (dy, [x, filter], attrs) => convolutionGradients(dy, x!, filter!, attrs as ConvAttrs),
  },
  {
    kernelName: ownKernels.convolution,
    inputsToSave: ['x', 'filter'],
    gradient: (dy, [x, filter], attrs) => ({
      ...convolutionGradients(dy, x!, filter!, attrs as ConvAttrs),
      bias: () => tf.sum(dy, [0, 1, 2]),
    }),
  },
  {
    kernelName: tf.MaxPool,
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradient: (dy, [x, y], { filterSize, strides, pad, dimRoundingMode }) => {
      const attrs = { filterSize, strides, pad, ...(dimRoundingMode === undefined ? {} : { dimRoundingMode }) };
      return {
        x: () => tf.engine().runKernel(tf.MaxPoolGrad, { dy, input: x!, output: y! }, attrs as tf.NamedAttrMap),
      };
    },
  },
  {
    kernelName: tf.AvgPool,
    inputsToSave: ['x'],
    gradient: (dy, [x], { filterSize, strides, pad }) => ({
      x: () =>
        tf.engine().runKernel(tf.AvgPoolGrad, { dy, input: x! }, { filterSize, strides, pad } as tf.NamedAttrMap),
    }),
  },
];

/** Sums the gradient of a factor over the batch axes along which it was broadcast. */
function unbroadcast(gradient: tf.Tensor, factor: tf.Tensor): tf.Tensor {
  if (tf.util.arraysEqual(gradient.shape, factor.shape)) return gradient;
  const axes = tf.broadcast_util.getReductionAxes(factor.shape, gradient.shape);
  return tf.reshape(tf.sum(gradient, axes), factor.shape);
}
