import * as tf from '@tensorflow/tfjs-core';
import { CupbearerError } from '../../shared/errors.ts';
import type { Optimizer } from './optimizer.ts';

/** Trainable arrays by name. */
export type Variables = ReadonlyMap<string, tf.Variable>;

/**
 * A loss with its gradients by the names of `variables`. Call it in a `tf.tidy`; every variable must act on the loss.
 */
export function gradientsOf(
  variables: Variables,
  loss: () => tf.Scalar,
): { value: tf.Scalar; gradients: Record<string, tf.Tensor> } {
  const { value, grads } = tf.variableGrads(loss, [...variables.values()]);
  // variableGrads names gradients by the variables' own names, which TensorFlow.js made up.
  const gradients = Object.fromEntries([...variables].map(([name, variable]) => [name, grads[variable.name]!]));
  return { value, gradients };
}

/**
 * Takes one step of `optimizer` down the gradient of `loss`, its learning rate times `rate`, and returns the loss
 * before it.
 * @throws CupbearerError `non-finite` naming epoch and step if the loss is NaN or infinite; the variables are then
 *   those before that step.
 */
export async function gradientStep(
  variables: Variables,
  optimizer: Optimizer,
  { epoch, step, rate = 1 }: { epoch: number; step: number; rate?: number },
  loss: () => tf.Scalar,
): Promise<number> {
  const { value, gradients } = tf.tidy(() => gradientsOf(variables, loss));
  try {
    const reached = (await value.data())[0]!;
    if (!Number.isFinite(reached)) throw diverged(`The training loss became ${reached} in`, epoch, step);
    tf.tidy(() => optimizer.step(variables, gradients, rate));
    return reached;
  } finally {
    tf.dispose([value, ...Object.values(gradients)]);
  }
}

/** The error for training that diverged: says where, and what is kept. */
export function diverged(what: string, epoch: number, step: number): CupbearerError {
  const kept = epoch > 1 ? `The weights after epoch ${epoch - 1} are kept.` : 'No epoch was completed before.';
  return new CupbearerError('non-finite', `${what} epoch ${epoch}, step ${step}.`, {
    hint: `Lower the learning rate. ${kept}`,
    details: { epoch, step },
  });
}
