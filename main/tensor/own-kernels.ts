import * as tf from '@tensorflow/tfjs-core';

/** Kernels that TensorFlow.js does not know; an engine may register them, and where it does not, we compose ops. */
export const ownKernels = {
  adam: 'CupbearerAdam',
  sgd: 'CupbearerSgd',
  dense: 'CupbearerDense',
  convolution: 'CupbearerConvolution',
  reluGradient: 'CupbearerReluGradient',
  keepNearest: 'CupbearerKeepNearest',
  softmaxCrossEntropy: 'CupbearerSoftmaxCrossEntropy',
} as const;

/** Whether the engine in use has a kernel of this name. */
export function hasKernel(name: string): boolean {
  // Typed as if it were always there.
  return (tf.getKernel(name, tf.getBackend()) as tf.KernelConfig | undefined) !== undefined;
}

/** Runs one of our kernels on the engine in use. */
export function runKernel(name: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap = {}): tf.Tensor[] {
  const out = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attrs);
  return Array.isArray(out) ? out : [out];
}
