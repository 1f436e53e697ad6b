import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { convolution, dense } from '../../main/tensor/layers.ts';
import { softmaxCrossEntropy } from '../../main/tensor/loss.ts';
import { adamStep } from '../../main/tensor/optimizers.ts';
import { globalMaxPool } from '../../main/tensor/pooling.ts';
import { onEveryBackend } from './backends.ts';
import { normal, scoped } from './reference.ts';

const shapes = [[3, 3, 1, 4], [4], [4, 8], [8], [8, 3], [3]];

function forward(x: tf.Tensor4D, w: tf.Tensor[]): tf.Tensor2D {
  const convolved = tf.relu(convolution(x, w[0] as tf.Tensor4D, w[1] as tf.Tensor1D, 1, 'same'));
  const pooled = globalMaxPool(tf.maxPool(convolved, 2, 2, 'valid'));
  const hidden = tf.relu(dense(pooled, w[2] as tf.Tensor2D, w[3] as tf.Tensor1D));
  return dense(hidden, w[4] as tf.Tensor2D, w[5] as tf.Tensor1D);
}

/** Trains a small network on twelve fixed images; gives the losses, the weights and the growth in live tensors. */
async function train(steps: number) {
  const before = tf.memory().numTensors;
  const weights = tf.tidy(() =>
    shapes.map((shape, i) => tf.variable(tf.tensor(normal(tf.util.sizeFromShape(shape), 'weight', i), shape))),
  );
  const moments = tf.tidy(() =>
    weights.map(({ shape }) => [tf.zeros(shape), tf.zeros(shape)].map((z) => tf.variable(z))),
  );
  const losses: number[] = [];
  const live: string[] = [];
  for (let step = 1; step <= steps; step++) {
    await scoped(async () => {
      const x = tf.tensor4d(normal(12 * 64, 'images'), [12, 8, 8, 1]);
      const labels = tf.tensor1d(Int32Array.from({ length: 12 }, (_, i) => i % 3), 'int32'); // prettier-ignore
      const { value, grads } = tf.variableGrads(() => softmaxCrossEntropy(forward(x, weights), labels), weights);
      weights.forEach((weight, i) => {
        const [m, v] = moments[i] as [tf.Variable, tf.Variable];
        adamStep(weight, grads[weight.name]!, m, v, { learningRate: 0.02, step });
      });
      losses.push((await value.data())[0]!);
    });
    // Kernels of our own make data that no tensor stands for.
    const { numTensors, numDataBuffers } = tf.memory();
    live.push(`${numTensors} tensors, ${numDataBuffers} of data`);
  }
  const values: number[][] = [];
  for (const weight of weights) values.push([...(await weight.data())]);
  tf.dispose([...weights, ...moments.flat()]);
  return { losses, values, live, leaked: tf.memory().numTensors - before };
}

// Of the JavaScript backend, whose kernels accumulate in float64.
const expected = tf.setBackend('cpu').then(() => train(20));

onEveryBackend('a training step', (_, isSlow) => {
  // A GPU in software takes seconds a step.
  const steps = (count: number) => (isSlow ? Math.min(count, 6) : count);

  it('goes down the same loss curve, to a thousandth', async () => {
    const { losses } = await train(steps(20));
    const reference = (await expected).losses;
    losses.forEach((loss, step) => expect(Math.abs(loss / reference[step]! - 1)).toBeLessThan(1e-3));
  });

  it.skipIf(isSlow)('learns twelve images by heart', async () => {
    const { losses } = await train(60);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 5);
  });

  it('leaves nothing behind, however many there are', async () => {
    const { live, leaked } = await train(isSlow ? 40 : 300);
    expect(new Set(live).size).toBe(1);
    expect(leaked).toBe(0);
  });

  it('gives the same bits twice', async () => {
    expect((await train(5)).values).toEqual((await train(5)).values);
  });
});
