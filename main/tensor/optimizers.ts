import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, ownKernels, runKernel } from './own-kernels.ts';

interface AdamOptions {
  learningRate: number;
  /** Decay rate of the first moment; 0.9 by default. */
  beta1?: number;
  /** Decay rate of the second moment; 0.999 by default. */
  beta2?: number;
  /** Added outside the root; 1e-8 by default. */
  epsilon?: number;
  /** L2 penalty added to the gradient, as in `torch.optim.Adam`; 0 by default. */
  weightDecay?: number;
  /** Which step this is, from 1: the moments' bias is corrected by it. */
  step: number;
}

interface SgdOptions {
  learningRate: number;
  /** 0 by default. */
  momentum?: number;
  /** L2 penalty added to the gradient; 0 by default. */
  weightDecay?: number;
}

/**
 * One step of Adam (Kingma and Ba, 2015), as PyTorch does it: `variable`, and the moments `m` and `v` (zero before the
 * first step), change in place; `gradient` and all of them have one shape. Throws where shapes differ or step < 1.
 */
export function adamStep(
  variable: tf.Variable,
  gradient: tf.Tensor,
  m: tf.Variable,
  v: tf.Variable,
  options: AdamOptions,
): void {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, step } = options;
  if (!(step >= 1)) throw new Error(`adamStep counts steps from 1, got ${step}.`);
  checkShapes('adamStep', variable, gradient, m, v);
  const stepSize = learningRate / (1 - beta1 ** step);
  const inverseRoot = 1 / Math.sqrt(1 - beta2 ** step);
  if (hasKernel(ownKernels.adam)) {
    const attrs = { beta1, beta2, stepSize, inverseRoot, epsilon, weightDecay };
    for (const state of [variable, m, v]) makeExclusive(state);
    runKernel(ownKernels.adam, { variable, gradient, m, v }, attrs);
    return;
  }
  tf.tidy(() => {
    const g = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable, weightDecay));
    m.assign(tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1)));
    v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2)));
    const scale = tf.add(tf.mul(tf.sqrt(v), inverseRoot), epsilon);
    variable.assign(tf.sub(variable, tf.div(tf.mul(m, stepSize), scale)));
  });
}

/**
 * One step of stochastic gradient descent with momentum, as PyTorch does it (no dampening, no Nesterov): `variable` and
 * `velocity` (zero before the first step) change in place. Throws where shapes differ.
 */
export function sgdStep(
  variable: tf.Variable,
  gradient: tf.Tensor,
  velocity: tf.Variable,
  { learningRate, momentum = 0, weightDecay = 0 }: SgdOptions,
): void {
  checkShapes('sgdStep', variable, gradient, velocity);
  if (hasKernel(ownKernels.sgd)) {
    for (const state of [variable, velocity]) makeExclusive(state);
    runKernel(ownKernels.sgd, { variable, gradient, velocity }, { learningRate, momentum, weightDecay });
    return;
  }
  tf.tidy(() => {
    const g = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable, weightDecay));
    velocity.assign(tf.add(tf.mul(velocity, momentum), g));
    variable.assign(tf.sub(variable, tf.mul(velocity, learningRate)));
  });
}

function checkShapes(name: string, variable: tf.Tensor, ...others: tf.Tensor[]): void {
  for (const other of others)
    if (!tf.util.arraysEqual(other.shape, variable.shape))
      throw new Error(
        `${name} takes tensors of one shape, got [${variable.shape.join(', ')}] and [${other.shape.join(', ')}].`,
      );
}

/**
 * Gives a variable data of its own where it shares them (with the tensor it was made from, or a clone kept as a
 * snapshot): a kernel that works in place would change those too.
 */
function makeExclusive(variable: tf.Variable): void {
  if (tf.backend().refCount(variable.dataId) <= 1) return;
  // One as a factor changes no number, and leaves them where the engine has them.
  tf.tidy(() => variable.assign(tf.mul(variable, 1)));
}
