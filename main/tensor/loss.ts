import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, ownKernels, runKernel } from './own-kernels.ts';

/** Loss (scalar) and its gradient with regard to the logits [n, c]. */
function lossAndGradient(logits: tf.Tensor2D, labels: tf.Tensor1D): [tf.Scalar, tf.Tensor2D] {
  if (hasKernel(ownKernels.softmaxCrossEntropy))
    return runKernel(ownKernels.softmaxCrossEntropy, { logits, labels }) as [tf.Scalar, tf.Tensor2D];
  const [n, c] = logits.shape;
  const shifted = tf.sub(logits, tf.max(logits, 1, true));
  const logProbabilities = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
  const isValid = tf.logicalAnd(tf.greaterEqual(labels, 0), tf.less(labels, c));
  const oneHot = tf.where(tf.expandDims(isValid, 1), tf.cast(tf.oneHot(labels, c), 'float32'), tf.scalar(NaN));
  const loss = tf.div<tf.Scalar>(tf.neg(tf.sum(tf.mul(oneHot, logProbabilities))), n);
  return [loss, tf.div(tf.sub(tf.exp(logProbabilities), oneHot), n)];
}

/**
 * Mean softmax cross entropy (natural logarithm) of logits [n, c] with int32 labels [n] in 0 to c - 1; a label outside
 * makes the loss NaN. Differentiable in the logits: (softmax - one-hot) / n. With `smoothing` e, of 0 to 1, the target is
 * (1 - e) one-hot + e / c (Szegedy et al. 2016, section 7; as PyTorch's `label_smoothing`).
 */
export function softmaxCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D, smoothing = 0): tf.Scalar {
  if (labels.dtype !== 'int32' || labels.shape[0] !== logits.shape[0])
    throw new Error(
      `softmaxCrossEntropy takes one int32 label for each of ${logits.shape[0]} rows, ` +
        `got ${labels.dtype} [${labels.shape.join(', ')}].`,
    );
  const operation = tf.customGrad((x: tf.Tensor | tf.GradSaveFunc, save: tf.Tensor | tf.GradSaveFunc) => {
    const [value, gradient] = lossAndGradient(x as tf.Tensor2D, labels);
    (save as tf.GradSaveFunc)([gradient]);
    return { value, gradFunc: (dy, saved) => tf.mul(dy, saved[0]!) };
  });
  const loss = operation(logits);
  if (smoothing === 0) return loss;
  // With -log p_j = L - z_j, the smoothed loss is the plain one plus e (z_label - mean z).
  const [n, c] = logits.shape;
  const difference = tf.sub(tf.cast(tf.oneHot(labels, c), 'float32'), 1 / c);
  return tf.add(loss, tf.mul(tf.sum(tf.mul(difference, logits)), smoothing / n));
}
