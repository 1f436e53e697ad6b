import * as tf from '@tensorflow/tfjs-core';

/** `[n, c]`: whether the column is the row's label, for int32 labels `[n]`. */
export function isLabel(labels: tf.Tensor, c: number): tf.Tensor {
  return tf.equal(tf.expandDims(labels, 1), tf.range(0, c, 1, 'int32'));
}

/**
 * Softmax minus one-hot, `[n, c]`, with each label's entry made minus the sum of the others: `p - 1` rounds to zero, or to
 * the wrong sign, where p is nearer to 1 than 6e-8, though the other entries still say what is to be learnt.
 */
export function balanced(gradient: tf.Tensor, isLabel: tf.Tensor): tf.Tensor2D {
  const others = tf.where<tf.Tensor>(isLabel, tf.scalar(0), gradient);
  return tf.where<tf.Tensor2D>(isLabel, tf.neg(tf.sum(others, 1, true)), others as tf.Tensor2D);
}
