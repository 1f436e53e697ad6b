import * as tf from '@tensorflow/tfjs-core';

/**
 * The sign of each value as float32: -1, 0 or 1; 0 for NaN. Made of comparisons: the kernel of TensorFlow.js's WebAssembly
 * backend behind `tf.sign` takes every value below 1.2e-7 for zero.
 */
export function signOf<T extends tf.Tensor>(x: T): T {
  return tf.sub<T>(tf.cast(tf.greater(x, 0), 'float32'), tf.cast(tf.less(x, 0), 'float32'));
}
