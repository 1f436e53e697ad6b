import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createOptimizer } from '../../main/models/optimizers/index.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { expectTensor, normal } from '../tensor/reference.ts';

beforeAll(() => startEngine(engineUnderTest));

const params = { learning_rate: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1e-4 };
const shapes: Record<string, number[]> = { 'layers.linear_0.weight': [3, 5], 'layers.linear_0.bias': [5] };
const sizeOf = (name: string) => shapes[name]!.reduce((product, size) => product * size, 1);

function variables(): Map<string, tf.Variable> {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => [name, tf.variable(tf.tensor(normal(sizeOf(name), name), shape))]),
  );
}

/** Gradients of step `t`, the same in every test. */
function gradients(t: number): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, tf.tensor(normal(sizeOf(name), name, t), shape)]),
  );
}

/** Algorithm 1 of Kingma and Ba (2015) in float64. */
function reference(name: string, steps: number): Float64Array {
  const x = Float64Array.from(normal(sizeOf(name), name));
  const [m, v] = [new Float64Array(x.length), new Float64Array(x.length)];
  for (let t = 1; t <= steps; t++) {
    normal(x.length, name, t).forEach((g, i) => {
      m[i] = params.beta1 * m[i]! + (1 - params.beta1) * g;
      v[i] = params.beta2 * v[i]! + (1 - params.beta2) * g * g;
      const mean = m[i] / (1 - params.beta1 ** t);
      const square = v[i] / (1 - params.beta2 ** t);
      x[i]! -= (params.learning_rate * mean) / (Math.sqrt(square) + params.epsilon);
    });
  }
  return x;
}

describe('Adam', () => {
  it('is the float64 reference over several steps', async () => {
    const found = variables();
    const optimizer = createOptimizer({ name: 'adam', ...params });
    for (let t = 1; t <= 7; t++) optimizer.step(found, gradients(t));
    for (const [name, variable] of found) {
      await expectTensor(variable, reference(name, 7), 1e-6);
      expect(variable.dataSync()).not.toEqual(normal(sizeOf(name), name));
    }
  });

  it('goes on from its saved state bit for bit', async () => {
    const [whole, parted] = [variables(), variables()];
    const [first, second, third] = [1, 2, 3].map(() => createOptimizer({ name: 'adam', ...params }));
    for (let t = 1; t <= 6; t++) first!.step(whole, gradients(t));
    for (let t = 1; t <= 3; t++) second!.step(parted, gradients(t));
    third!.load(await second!.state());
    second!.dispose();
    for (let t = 4; t <= 6; t++) third!.step(parted, gradients(t));
    for (const [name, variable] of parted) expect(variable.dataSync()).toEqual(whole.get(name)!.dataSync());
    expect(await third!.state()).toEqual(await first!.state());
    expect((await third!.state())['steps']!.data).toEqual(Int32Array.of(6));
  });
});
