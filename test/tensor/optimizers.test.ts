import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { adamStep, sgdStep } from '../../main/tensor/optimizers.ts';
import { onEveryBackend } from './backends.ts';
import { expectTensor, normal } from './reference.ts';

const STEPS = 5;

function variables(count: number, start: Float32Array): tf.Variable[] {
  return Array.from({ length: count }, (_, i) =>
    tf.tidy(() => tf.variable(tf.tensor1d(i === 0 ? start : new Float32Array(start.length)))),
  );
}

onEveryBackend('optimizers', () => {
  it.each([
    [1, 0],
    [4, 0],
    [131, 0],
    [7, 0.1],
  ])('Adam agrees with float64 for %i parameters, weight decay %f', async (n, weightDecay) => {
    const start = normal(n, 'start');
    const [p, p1, p2] = [Float64Array.from(start), new Float64Array(n), new Float64Array(n)];
    const [variable, m, v] = variables(3, start) as [tf.Variable, tf.Variable, tf.Variable];
    for (let step = 1; step <= STEPS; step++) {
      const gradient = normal(n, 'gradient', step);
      const options = { learningRate: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay, step };
      tf.tidy(() => adamStep(variable, tf.tensor1d(gradient), m, v, options));
      for (let i = 0; i < n; i++) {
        const g = gradient[i]! + weightDecay * p[i]!;
        p1[i] = 0.8 * p1[i]! + 0.2 * g;
        p2[i] = 0.95 * p2[i]! + 0.05 * g * g;
        p[i]! -= (0.05 * (p1[i]! / (1 - 0.8 ** step))) / (Math.sqrt(p2[i]! / (1 - 0.95 ** step)) + 1e-3);
      }
    }
    for (const [found, expected] of [[variable, p], [m, p1], [v, p2]] as const) await expectTensor(found, expected, 1e-6); // prettier-ignore
    tf.dispose([variable, m, v]);
  });

  it("takes Adam's first step by the learning rate, whatever the gradient's size", async () => {
    const [variable, m, v] = variables(3, new Float32Array(3)) as [tf.Variable, tf.Variable, tf.Variable];
    tf.tidy(() => adamStep(variable, tf.tensor1d([100, -1e-3, 0]), m, v, { learningRate: 0.5, step: 1 }));
    await expectTensor(variable, [-0.5, 0.5, 0], 1e-4);
    tf.dispose([variable, m, v]);
  });

  it.each([
    [5, 0, 0],
    [6, 0.9, 0.01],
  ])('SGD agrees with float64 for %i parameters, momentum %f, weight decay %f', async (n, momentum, weightDecay) => {
    const start = normal(n, 'start');
    const [p, u] = [Float64Array.from(start), new Float64Array(n)];
    const [variable, velocity] = variables(2, start) as [tf.Variable, tf.Variable];
    for (let step = 1; step <= STEPS; step++) {
      const gradient = normal(n, 'gradient', step);
      tf.tidy(() => sgdStep(variable, tf.tensor1d(gradient), velocity, { learningRate: 0.1, momentum, weightDecay }));
      for (let i = 0; i < n; i++) {
        u[i] = momentum * u[i]! + gradient[i]! + weightDecay * p[i]!;
        p[i]! -= 0.1 * u[i]!;
      }
    }
    await expectTensor(variable, p, 1e-6);
    tf.dispose([variable, velocity]);
  });

  it('leaves alone what shares its data with a parameter: the tensor it was made from, a snapshot', async () => {
    const start = tf.tensor1d([1, 2, 3]);
    const variable = tf.variable(start);
    const [m, v] = variables(2, new Float32Array(3)) as [tf.Variable, tf.Variable];
    const step = (count: number) =>
      tf.tidy(() => adamStep(variable, tf.tensor1d([1, 1, 1]), m, v, { learningRate: 1, step: count }));
    step(1);
    await expectTensor(start, [1, 2, 3], 0);
    const snapshot = tf.clone(variable);
    const kept = [...(await snapshot.data())];
    step(2);
    await expectTensor(snapshot, kept, 0);
    expect([...(await variable.data())]).not.toEqual(kept);
    tf.dispose([start, variable, m, v, snapshot]);
  });

  it('shows the new values to whoever has read the old ones', async () => {
    const [variable, velocity] = variables(2, Float32Array.of(1, 2)) as [tf.Variable, tf.Variable];
    for (const expected of [
      [0.5, 1],
      [0, 0],
    ]) {
      tf.tidy(() => sgdStep(variable, tf.tensor1d([1, 2]), velocity, { learningRate: 0.5 }));
      await expectTensor(variable, expected, 1e-6);
    }
    tf.dispose([variable, velocity]);
  });

  it('refuses tensors of different shapes, and step 0', () => {
    const [variable, m, v] = variables(3, new Float32Array(3)) as [tf.Variable, tf.Variable, tf.Variable];
    const options = { learningRate: 1, step: 1 };
    expect(() => adamStep(variable, tf.zeros([4]), m, v, options)).toThrow(/\[3\].*\[4\]/);
    expect(() => sgdStep(variable, tf.zeros([4]), m, options)).toThrow(/\[3\].*\[4\]/);
    expect(() => adamStep(variable, tf.zeros([3]), m, v, { ...options, step: 0 })).toThrow(/from 1/);
    tf.dispose([variable, m, v]);
  });
});
