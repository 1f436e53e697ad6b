import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, ownKernels, runKernel } from './own-kernels.ts';

/**
 * x [n, inputs] times weights [inputs, outputs] plus bias [outputs]. As `tf.fused.matMul`, but only those gradients are
 * worked out that are asked for: the first layer's input needs none.
 */
export function dense(x: tf.Tensor2D, weights: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  if (hasKernel(ownKernels.dense)) return runKernel(ownKernels.dense, { x, weights, bias })[0] as tf.Tensor2D;
  return tf.add(tf.matMul(x, weights), bias);
}

/**
 * Convolution of images [n, h, w, c] with filter [kh, kw, c, d] plus bias [d], NHWC. As `tf.fused.conv2d`, but only
 * those gradients are worked out that are asked for.
 */
export function convolution(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor1D,
  strides: [number, number] | number,
  pad: Parameters<typeof tf.conv2d>[3],
): tf.Tensor4D {
  if (hasKernel(ownKernels.convolution)) {
    const attrs = { strides, pad: pad as tf.Attribute, dataFormat: 'NHWC', dilations: 1 };
    return runKernel(ownKernels.convolution, { x, filter, bias }, attrs)[0] as tf.Tensor4D;
  }
  return tf.add(tf.conv2d(x, filter, strides, pad), bias);
}
