import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor } from '../../shared/domain/tensors.ts';

/**
 * The values of what `compute` gives, once the engine has them; frees that tensor and all made on the way. Engines on a GPU
 * cannot hand out values at once (`dataSync`), so that nothing which may run on one asks for them in that way.
 */
export async function read<T extends 'float32' | 'int32' = 'float32'>(
  compute: () => tf.Tensor,
): Promise<tf.DataTypeMap[T]> {
  const result = tf.tidy(compute);
  try {
    return await result.data<T>();
  } finally {
    result.dispose();
  }
}

/** A float32 tensor as shape and values of its own. */
export async function toNamedTensor(tensor: tf.Tensor): Promise<NamedTensor> {
  return { shape: [...tensor.shape], data: await tensor.data<'float32'>() };
}
