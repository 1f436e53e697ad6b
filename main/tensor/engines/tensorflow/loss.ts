import * as tf from '@tensorflow/tfjs-core';
import { balanced, isLabel } from '../../label-gradient.ts';
import { ownKernels } from '../../own-kernels.ts';
import type { NativeKernels } from './kernels.ts';

/** Registers the softmax cross entropy with its gradient. */
export function registerLossKernels(kernels: NativeKernels): void {
  const type = [kernels.type('T'), kernels.type('Tlabels', kernels.backend.binding.TF_INT32)];
  kernels.register(ownKernels.softmaxCrossEntropy, (inputs) => {
    const [logits, labels] = [inputs['logits']!, inputs['labels']!];
    const name = 'SparseSoftmaxCrossEntropyWithLogits';
    try {
      const [losses, gradients] = kernels.runAll(name, [logits, labels], type, 2) as [tf.Tensor, tf.Tensor];
      const out = tf.tidy(() => [
        tf.mean(losses),
        tf.div(balanced(gradients, isLabel(labels, logits.shape[1]!)), logits.shape[0]),
      ]);
      tf.dispose([losses, gradients]);
      return out;
    } catch (error) {
      // On the CPU it throws for a label that is no class, on a GPU it gives NaN; NaN is what we promise.
      if (error instanceof Error && error.message.includes('outside the valid range'))
        return [tf.scalar(NaN), tf.fill(logits.shape, NaN)];
      throw error;
    }
  });
}
