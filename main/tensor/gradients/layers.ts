import * as tf from '@tensorflow/tfjs-core';
import type { GradientDefinition } from './gradient-definition.ts';

type ConvPadding = Parameters<typeof tf.conv2d>[3];
type Stride = [number, number] | number;
type Rounding = 'floor' | 'round' | 'ceil';

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
    kernelName: tf.Conv2D,
    inputsToSave: ['x', 'filter'],
    gradient: (dy, saved, attrs) => {
      const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      const { strides, pad, dataFormat, dimRoundingMode, dilations } = attrs as {
        strides: Stride;
        pad: ConvPadding;
        dataFormat: 'NHWC' | 'NCHW';
        dimRoundingMode?: Rounding;
        dilations: Stride;
      };
      if (tf.util.sizeFromShape([dilations].flat()) !== 1)
        throw new Error(`The gradient of conv2d is for dilation 1, got ${[dilations].flat().join(', ')}.`);
      const shared = { strides, pad, dataFormat, ...(dimRoundingMode === undefined ? {} : { dimRoundingMode }) };
      const run = (name: string, inputs: tf.NamedTensorMap, attributes: object) =>
        tf.engine().runKernel<tf.Tensor>(name, inputs, attributes as tf.NamedAttrMap);
      return {
        x: () => run(tf.Conv2DBackpropInput, { dy, filter }, { ...shared, inputShape: x.shape }),
        filter: () => run(tf.Conv2DBackpropFilter, { x, dy }, { ...shared, filterShape: filter.shape }),
      };
    },
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
