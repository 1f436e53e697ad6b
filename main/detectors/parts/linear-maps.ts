import * as tf from '@tensorflow/tfjs-core';
import type { TensorMap } from '../../../shared/domain/tensors.ts';
import type { RandomStream } from '../../tensor/random.ts';
import { toNamedTensor } from '../../tensor/read.ts';

/** Arrays by name on the engine: variables while they are trained, tensors when they only serve to score. */
export type Weights = ReadonlyMap<string, tf.Tensor>;

/**
 * Adds a linear map to `tensors`: `<name>.weight` [outputs, inputs] and `<name>.bias` [outputs] in PyTorch's layout and
 * with its default initial values, U(-1/sqrt(inputs), 1/sqrt(inputs)).
 */
export function addLinear(
  tensors: TensorMap,
  name: string,
  inputs: number,
  outputs: number,
  random: RandomStream,
): void {
  const own = random.derive(name);
  const bound = 1 / Math.sqrt(inputs);
  const draw = (length: number) => Float32Array.from({ length }, () => (2 * own.uniform() - 1) * bound);
  tensors[`${name}.weight`] = { shape: [outputs, inputs], data: draw(outputs * inputs) };
  tensors[`${name}.bias`] = { shape: [outputs], data: draw(outputs) };
}

/** `y = x W^T + b` on `[n, inputs]` with the map that {@link addLinear} named. */
export function applyLinear(x: tf.Tensor2D, weights: Weights, name: string): tf.Tensor2D {
  const weight = weights.get(`${name}.weight`)!;
  const bias = weights.get(`${name}.bias`)!;
  return tf.fused.matMul({ a: x, b: weight, transposeB: true, bias }) as tf.Tensor2D;
}

/** The arrays as tensors on the engine; the caller disposes of them, or calls it in a `tf.tidy`. */
export function toTensors(tensors: TensorMap): Map<string, tf.Tensor> {
  return new Map(
    Object.entries(tensors).map(([name, { shape, data }]) => [name, tf.tensor(data as Float32Array, shape, 'float32')]),
  );
}

/** Runs `action` on trainable copies of the arrays and returns the arrays as it left them. */
export async function trained(
  tensors: TensorMap,
  action: (variables: Map<string, tf.Variable>) => Promise<void>,
): Promise<TensorMap> {
  const variables = toVariables(tensors);
  try {
    await action(variables);
    const result: TensorMap = {};
    for (const [name, variable] of variables) result[name] = await toNamedTensor(variable);
    return result;
  } finally {
    tf.dispose([...variables.values()]);
  }
}

/** Trainable copies of the arrays; the caller disposes of them. */
export function toVariables(tensors: TensorMap): Map<string, tf.Variable> {
  const initial = toTensors(tensors);
  const variables = new Map([...initial].map(([name, values]) => [name, tf.variable(values, true)]));
  tf.dispose([...initial.values()]);
  return variables;
}
