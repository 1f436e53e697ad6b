import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { TensorMap } from '../../../shared/domain/tensors.ts';
import { number } from '../../../shared/schema/fields.ts';
import { adamStep } from '../../tensor/optimizers.ts';
import { toNamedTensor } from '../../tensor/read.ts';
import { defineOptimizer, weightDecayParam, type Optimizer } from '../optimizer.ts';

const adamParams = z.object({
  learning_rate: number({ label: 'Learning rate', help: 'Size of a step', default: 1e-3, min: 0, max: 10 }),
  beta1: number({
    advanced: true,
    label: 'Beta 1',
    help: 'Decay of the mean of gradients',
    default: 0.9,
    min: 0,
    max: 0.999999,
  }),
  beta2: number({
    advanced: true,
    label: 'Beta 2',
    help: 'Decay of the mean of squared gradients',
    default: 0.999,
    min: 0,
    max: 0.999999,
  }),
  epsilon: number({
    advanced: true,
    label: 'Epsilon',
    help: 'Keeps the division finite',
    default: 1e-8,
    min: 1e-16,
    max: 1,
  }),
  weight_decay: weightDecayParam,
});

class Adam implements Optimizer {
  readonly #params: z.output<typeof adamParams>;
  readonly #moments = new Map<string, { m: tf.Variable; v: tf.Variable }>();
  #steps = 0;

  constructor(params: z.output<typeof adamParams>) {
    this.#params = params;
  }

  step(variables: ReadonlyMap<string, tf.Variable>, gradients: Record<string, tf.Tensor>, rateFactor = 1): void {
    this.#steps++;
    const { beta1, beta2, epsilon, weight_decay: weightDecay } = this.#params;
    const learningRate = rateFactor * this.#params.learning_rate;
    for (const [name, variable] of variables) {
      const { m, v } = this.#momentsOf(name, variable.shape);
      adamStep(variable, gradients[name]!, m, v, {
        learningRate,
        beta1,
        beta2,
        epsilon,
        weightDecay,
        step: this.#steps,
      });
    }
  }

  #momentsOf(name: string, shape: readonly number[]): { m: tf.Variable; v: tf.Variable } {
    let moments = this.#moments.get(name);
    if (!moments) {
      const zero = () => tf.tidy(() => tf.variable(tf.zeros([...shape]), false));
      moments = { m: zero(), v: zero() };
      this.#moments.set(name, moments);
    }
    return moments;
  }

  async state(): Promise<TensorMap> {
    const state: TensorMap = { steps: { shape: [1], data: Int32Array.of(this.#steps) } };
    for (const [name, { m, v }] of this.#moments) {
      state[`m.${name}`] = await toNamedTensor(m);
      state[`v.${name}`] = await toNamedTensor(v);
    }
    return state;
  }

  load(state: TensorMap): void {
    this.#steps = state['steps']!.data[0]!;
    for (const [key, { shape, data }] of Object.entries(state)) {
      if (!key.startsWith('m.') && !key.startsWith('v.')) continue;
      const values = tf.tensor(Float32Array.from(data), shape);
      this.#momentsOf(key.slice(2), shape)[key[0] as 'm' | 'v'].assign(values);
      values.dispose();
    }
  }

  dispose(): void {
    for (const { m, v } of this.#moments.values()) tf.dispose([m, v]);
    this.#moments.clear();
  }
}

export const adam = defineOptimizer({
  id: 'adam',
  title: 'Adam',
  summary: 'Adaptive moment estimation',
  source: 'Kingma & Ba, ICLR 2015, arXiv 1412.6980',
  params: adamParams,
  create: (params) => new Adam(params),
});
