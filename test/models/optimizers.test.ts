import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Optimizer } from '../../main/models/optimizer.ts';
import { createOptimizer, optimizerRegistry } from '../../main/models/optimizers/index.ts';
import { rateFactor } from '../../main/models/training.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { softmaxCrossEntropy } from '../../main/tensor/loss.ts';
import { parseParams, paramsOf } from '../../shared/schema/fields.ts';
import { engineUnderTest } from '../engine-under-test.ts';

beforeAll(async () => {
  await startEngine(engineUnderTest);
});

function optimizer(name: string, params: Record<string, unknown> = {}): Optimizer {
  return createOptimizer({ name, ...parseParams(paramsOf(optimizerRegistry.get(name)), params) });
}

/** Steps with the gradients one after the other from the weight 1; the weight after each. */
function walk(steps: Optimizer, gradients: readonly number[], start = 1, rate = 1): number[] {
  const weight = tf.variable(tf.tensor1d([start]));
  const path = gradients.map((gradient) => {
    const g = tf.tensor1d([gradient]);
    steps.step(new Map([['w', weight]]), { w: g }, rate);
    g.dispose();
    return weight.dataSync()[0]!;
  });
  weight.dispose();
  return path;
}

describe('sgd', () => {
  it('follows momentum and weight decay by hand', () => {
    // u = 0.5 u + (g + 0.1 w); w = w - 0.1 u
    const [first, second] = walk(optimizer('sgd', { learning_rate: 0.1, momentum: 0.5, weight_decay: 0.1 }), [1, 2]);
    expect(first).toBeCloseTo(1 - 0.1 * 1.1, 6);
    const velocity = 0.5 * 1.1 + 2 + 0.1 * 0.89;
    expect(second).toBeCloseTo(0.89 - 0.1 * velocity, 6);
  });

  it('scales its step by the schedule', () => {
    expect(walk(optimizer('sgd', { learning_rate: 0.1, momentum: 0 }), [1], 1, 0.25)[0]).toBeCloseTo(0.975, 6);
  });
});

describe('adam', () => {
  it('decays weights through the gradient', () => {
    // The first step has the learning rate's size against the sign of gradient plus decay.
    expect(walk(optimizer('adam', { learning_rate: 0.1, weight_decay: 1 }), [-0.5])[0]).toBeCloseTo(0.9, 5);
    expect(walk(optimizer('adam', { learning_rate: 0.1 }), [-0.5])[0]).toBeCloseTo(1.1, 5);
  });
});

describe('every optimiser', () => {
  it.each(optimizerRegistry.ids)('%s goes on where a stored state stopped', async (name) => {
    const whole = walk(optimizer(name), [1, -2, 0.5, 3]);
    const stopped = optimizer(name);
    const half = walk(stopped, [1, -2]);
    const resumed = optimizer(name);
    resumed.load(await stopped.state());
    expect([...half, ...walk(resumed, [0.5, 3], half[1])]).toEqual(whole);
    stopped.dispose();
    resumed.dispose();
  });
});

describe('the schedule', () => {
  it('starts at 1 and falls like half a cosine', () => {
    expect(rateFactor('constant', 7, 10)).toBe(1);
    expect([1, 6, 11].map((step) => rateFactor('cosine', step, 10))).toEqual([1, expect.closeTo(0.5, 12), 0]);
    expect(rateFactor('cosine', 10, 10)).toBeGreaterThan(0);
  });
});

describe('label smoothing', () => {
  const logits = [
    [1, 2, 4],
    [0, -1, 0.5],
  ];
  const labels = [2, 0];
  const e = 0.3;
  const probabilities = logits.map((row) => {
    const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
    return row.map((z) => Math.exp(z) / total);
  });
  const target = (row: number, j: number) => (labels[row] === j ? 1 - e : 0) + e / 3;

  it('has the loss and gradient of the smoothed target', () => {
    const { value, grad } = tf.valueAndGrad((x) =>
      softmaxCrossEntropy(x as tf.Tensor2D, tf.tensor1d(labels, 'int32'), e),
    )(tf.tensor2d(logits));
    const loss = probabilities.map((row, i) => -row.reduce((sum, p, j) => sum + target(i, j) * Math.log(p), 0));
    expect(value.dataSync()[0]).toBeCloseTo((loss[0]! + loss[1]!) / 2, 5);
    const expected = probabilities.flatMap((row, i) => row.map((p, j) => (p - target(i, j)) / 2));
    grad.dataSync().forEach((found, i) => expect(found).toBeCloseTo(expected[i]!, 5));
  });
});
