import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { softmaxCrossEntropy } from '../../main/tensor/loss.ts';
import { onEveryBackend } from './backends.ts';
import { expectClose, expectTensor, normal, scoped } from './reference.ts';

/** Loss and gradient in float64. */
function reference(logits: Float32Array, c: number, labels: number[]): { loss: number; gradient: Float64Array } {
  const gradient = new Float64Array(logits.length);
  let loss = 0;
  labels.forEach((label, i) => {
    const row = [...logits.subarray(i * c, (i + 1) * c)];
    const top = Math.max(...row);
    const total = row.reduce((sum, value) => sum + Math.exp(value - top), 0);
    loss += (Math.log(total) + top - row[label]!) / labels.length;
    row.forEach((value, j) => {
      gradient[i * c + j] = (Math.exp(value - top) / total - (j === label ? 1 : 0)) / labels.length;
    });
  });
  return { loss, gradient };
}

async function lossAndGradient(
  logits: Float32Array,
  c: number,
  labels: number[],
): Promise<{ loss: number; gradient: Float32Array }> {
  const { value, grad } = tf.tidy(() =>
    tf.valueAndGrad((x) => softmaxCrossEntropy(x as tf.Tensor2D, tf.tensor1d(labels, 'int32')))(
      tf.tensor2d(logits, [labels.length, c]),
    ),
  );
  const [loss, gradient] = [(await value.data())[0]!, await grad.data<'float32'>()];
  tf.dispose([value, grad]);
  return { loss, gradient };
}

onEveryBackend('softmax cross entropy', () => {
  it.each([
    [1, 2, 1],
    [5, 10, 1],
    [7, 3, 20],
    [64, 10, 5],
  ])('agrees with float64 for logits [%i, %i] of spread %f', async (n, c, spread) => {
    const logits = normal(n * c, 'logits').map((value) => value * spread);
    const labels = Array.from({ length: n }, (_, i) => (i * 7) % c);
    const expected = reference(logits, c, labels);
    const found = await lossAndGradient(logits, c, labels);
    expect(found.loss / expected.loss).toBeCloseTo(1, 5);
    expectClose(found.gradient, expected.gradient, 1e-7);
  });

  it('is ln 2 for two equal logits, and scales with what comes after', async () => {
    expect((await lossAndGradient(Float32Array.of(3, 3), 2, [0])).loss).toBeCloseTo(Math.LN2, 6);
    await scoped(async () => {
      const tripled = tf.grad((x) => tf.mul(softmaxCrossEntropy(x as tf.Tensor2D, tf.tensor1d([1], 'int32')), 3));
      await expectTensor(tripled(tf.zeros([1, 2])), [1.5, -1.5], 1e-6);
    });
  });

  it('stays finite for logits that differ by thousands', async () => {
    const { loss, gradient } = await lossAndGradient(Float32Array.of(5000, -5000, 0), 3, [1]);
    expect(loss).toBeCloseTo(10000, 1);
    expectClose(gradient, [1, -1, 0], 1e-6);
  });

  it.each([-1, 3])('is NaN for the label %i of three classes', async (label) => {
    expect((await lossAndGradient(normal(6, 'logits'), 3, [0, label])).loss).toBeNaN();
  });

  it('is NaN where a logit is NaN', async () => {
    expect((await lossAndGradient(Float32Array.of(NaN, 1, 1, 2), 2, [0, 1])).loss).toBeNaN();
  });

  it('refuses labels that are not one int32 a row', () => {
    const logits = tf.zeros<tf.Rank.R2>([2, 3]);
    expect(() => softmaxCrossEntropy(logits, tf.tensor1d([1], 'int32'))).toThrow(/2 rows/);
    expect(() => softmaxCrossEntropy(logits, tf.tensor1d([1, 2], 'float32'))).toThrow(/int32/);
  });
});
