import * as tf from '@tensorflow/tfjs-core';
import { balanced, isLabel } from './label-gradient.ts';
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
  const gradient = tf.sub(tf.exp(logProbabilities), oneHot);
  return [loss, tf.div(balanced(gradient, isLabel(labels, c)), n)];
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

/** Below any logit, and finite: less a logit it is minus infinity at most, whose exponential is zero on every engine. */
const lowest = -3.4e38;

/**
 * Sum over samples of the logarithm of the odds against the label, `log((1 - p) / p)` with p the label's softmax, of logits
 * `[n, c]` and int32 labels `[n]` in 0 to c - 1. Differentiable in the logits: the softmax over the other classes minus
 * one-hot, which is the gradient of the cross entropy divided by 1 - p. A sample's direction of steepest ascent is thus
 * the same, but never smaller than float32 can hold however sure the classifier is, nor does it depend on the batch.
 */
export function logOddsAgainst(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  const operation = tf.customGrad((x: tf.Tensor | tf.GradSaveFunc, save: tf.Tensor | tf.GradSaveFunc) => {
    const z = x as tf.Tensor;
    const own = isLabel(labels, logits.shape[1]);
    const others = tf.where<tf.Tensor>(own, tf.scalar(lowest), z);
    const largest = tf.max(others, 1, true);
    const weights = tf.exp(tf.sub(others, largest));
    const total = tf.sum(weights, 1, true);
    const ofLabels = tf.sum(tf.where<tf.Tensor>(own, z, tf.scalar(0)));
    (save as tf.GradSaveFunc)([tf.sub(tf.div(weights, total), tf.cast(own, 'float32'))]);
    return {
      value: tf.sub<tf.Scalar>(tf.sum(tf.add(tf.log(total), largest)), ofLabels),
      gradFunc: (dy, saved) => tf.mul(dy, saved[0]!),
    };
  });
  return operation(logits);
}
