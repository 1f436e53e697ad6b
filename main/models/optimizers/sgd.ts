import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { TensorMap } from '../../../shared/domain/tensors.ts';
import { number } from '../../../shared/schema/fields.ts';
import { toNamedTensor } from '../../tensor/read.ts';
import { sgdStep } from '../../tensor/optimizers.ts';
import { defineOptimizer, weightDecayParam, type Optimizer } from '../optimizer.ts';

const sgdParams = z.object({
  learning_rate: number({ label: 'Learning rate', help: 'Size of a step', default: 0.05, min: 0, max: 100 }),
  momentum: number({
    label: 'Momentum',
    help: 'Share of the last step that the next one keeps',
    default: 0.9,
    min: 0,
    max: 0.999999,
  }),
  weight_decay: weightDecayParam,
});

class Sgd implements Optimizer {
  readonly #params: z.output<typeof sgdParams>;
  readonly #velocities = new Map<string, tf.Variable>();

  constructor(params: z.output<typeof sgdParams>) {
    this.#params = params;
  }

  step(variables: ReadonlyMap<string, tf.Variable>, gradients: Record<string, tf.Tensor>, rateFactor = 1): void {
    const { learning_rate, momentum, weight_decay: weightDecay } = this.#params;
    for (const [name, variable] of variables) {
      const options = { learningRate: rateFactor * learning_rate, momentum, weightDecay };
      sgdStep(variable, gradients[name]!, this.#velocityOf(name, variable.shape), options);
    }
  }

  #velocityOf(name: string, shape: readonly number[]): tf.Variable {
    let velocity = this.#velocities.get(name);
    if (!velocity) {
      velocity = tf.tidy(() => tf.variable(tf.zeros([...shape]), false));
      this.#velocities.set(name, velocity);
    }
    return velocity;
  }

  async state(): Promise<TensorMap> {
    const state: TensorMap = {};
    for (const [name, velocity] of this.#velocities) state[name] = await toNamedTensor(velocity);
    return state;
  }

  load(state: TensorMap): void {
    for (const [name, { shape, data }] of Object.entries(state)) {
      const values = tf.tensor(Float32Array.from(data), shape);
      this.#velocityOf(name, shape).assign(values);
      values.dispose();
    }
  }

  dispose(): void {
    for (const velocity of this.#velocities.values()) velocity.dispose();
    this.#velocities.clear();
  }
}

export const sgd = defineOptimizer({
  id: 'sgd',
  title: 'SGD with momentum',
  summary: 'Stochastic gradient descent with momentum',
  source: 'Sutskever, Martens, Dahl, Hinton: On the importance of initialization and momentum, ICML 2013',
  params: sgdParams,
  create: (params) => new Sgd(params),
});
