import * as tf from '@tensorflow/tfjs-core';
import { ownKernels } from '../../own-kernels.ts';
import type { NativeKernels } from './kernels.ts';

/** Registers the layer with its bias, the gradients that TensorFlow has an operation for, and what the package has wrong. */
export function registerLayerKernels(kernels: NativeKernels): void {
  kernels.register(ownKernels.dense, ({ x, weights, bias }) =>
    kernels.withBias(kernels.run('MatMul', [x!, weights!]), bias!),
  );
  kernels.register(ownKernels.reluGradient, ({ dy, x }) => kernels.run('ReluGrad', [dy!, x!]));
  // The package's calls methods of tensors that our build of TensorFlow.js leaves out.
  kernels.register(tf.Prelu, ({ x, alpha }) => tf.tidy(() => tf.sub(tf.relu(x!), tf.mul(alpha!, tf.relu(tf.neg(x!))))));
  // The sum over all axes but the last is the gradient of a bias, for which TensorFlow has a faster operation.
  const sum = kernels.stock(tf.Sum);
  kernels.register(tf.Sum, (inputs, attrs) => {
    const x = inputs['x']!;
    const { axis, keepDims } = attrs as { axis?: number | number[]; keepDims?: boolean };
    const axes = tf.util.parseAxisParam(axis ?? x.shape.map((_, i) => i), x.shape).sort((p, q) => p - q);
    const isOfBias = axes.length > 0 && axes.length === x.rank - 1 && axes.every((value, i) => value === i);
    if (!isOfBias || keepDims || x.dtype !== 'float32') return sum(inputs, attrs);
    return kernels.run('BiasAddGrad', [x]);
  });
}
