import * as tf from '@tensorflow/tfjs-core';

/**
 * Normalises each channel (the last axis) of x by the batch's mean and variance (divisor n), then times scale plus shift,
 * both `[channels]`: y = (x - m) / sqrt(v + epsilon) * scale + shift. Differentiable in x, scale and shift through mean and
 * variance too (Ioffe & Szegedy 2015, section 3); `mean` and `variance`, `[channels]`, are not.
 */
export function normaliseBatch(
  x: tf.Tensor,
  scale: tf.Tensor1D,
  shift: tf.Tensor1D,
  epsilon: number,
): { y: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor } {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const count = x.size / scale.size;
  // Sums over leading axes have a kernel of their own; means have not.
  const meanOf = (values: tf.Tensor) => tf.div(tf.sum(values, axes), count);
  const mean = meanOf(x);
  const centred = tf.sub(x, mean);
  const variance = meanOf(tf.square(centred));
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const operation = tf.customGrad((...given: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [, factor, offset, save] = given as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const normalised = tf.mul(centred, inverse);
    save([normalised, inverse, factor]);
    return {
      value: tf.add(tf.mul(normalised, factor), offset),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [unit, root, weight] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const byShift = tf.sum(dy, axes);
        const byScale = tf.sum(tf.mul(dy, unit), axes);
        const along = tf.add(tf.mul(unit, tf.div(byScale, count)), tf.div(byShift, count));
        return [tf.mul(tf.sub(dy, along), tf.mul(root, weight)), byScale, byShift];
      },
    };
  });
  return { y: operation(x, scale, shift), mean, variance };
}
