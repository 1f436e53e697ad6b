import * as tf from '@tensorflow/tfjs-core';

/** Maximum of each channel over all positions: [n, h, w, c] to [n, c]; the gradient goes to the first maximum. */
export function globalMaxPool(x: tf.Tensor4D): tf.Tensor2D {
  const [n, height, width, channels] = x.shape;
  return tf.reshape(tf.maxPool(x, [height, width], 1, 'valid'), [n, channels]);
}
