import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { logOddsAgainst, softmaxCrossEntropy } from '../../main/tensor/loss.ts';
import { signOf } from '../../main/tensor/sign.ts';
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

  it('keeps the gradient of samples that the classifier is almost sure of', async () => {
    for (const margin of [10, 16, 17, 20, 60, 80]) {
      const { gradient } = await lossAndGradient(Float32Array.of(margin, 0, -1, 3, -2, margin + 1), 3, [0, 2]);
      // 1 - p from the logits, to first order and the second: exp(0) and exp(-1) against exp(margin), and so on.
      const first = (Math.exp(-margin) + Math.exp(-1 - margin)) / (1 + Math.exp(-margin) + Math.exp(-1 - margin)) / 2;
      const second =
        (Math.exp(2 - margin) + Math.exp(-3 - margin)) / (1 + Math.exp(2 - margin) + Math.exp(-3 - margin)) / 2;
      expect(gradient[0]! / -first).toBeCloseTo(1, 4);
      expect(gradient[5]! / -second).toBeCloseTo(1, 4);
      expect((gradient[1]! + gradient[2]!) / -gradient[0]!).toBeCloseTo(1, 5);
    }
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

onEveryBackend('log odds against the label', () => {
  const oddsAgainst = (logits: readonly number[], label: number) => {
    const others = logits.filter((_, j) => j !== label);
    const top = Math.max(...others);
    const total = others.reduce((sum, value) => sum + Math.exp(value - top), 0);
    const gradient = logits.map((value, j) => (j === label ? -1 : Math.exp(value - top) / total));
    return { value: Math.log(total) + top - logits[label]!, gradient };
  };

  it.each([1, 20, 1000])('agree with float64 for logits of spread %f', async (spread) => {
    const [n, c] = [12, 5];
    const logits = normal(n * c, 'odds').map((value) => value * spread);
    const labels = Array.from({ length: n }, (_, i) => (i * 3) % c);
    const rows = labels.map((label, i) => oddsAgainst([...logits.subarray(i * c, (i + 1) * c)], label));
    await scoped(async () => {
      const { value, grad } = tf.valueAndGrad((x) => logOddsAgainst(x as tf.Tensor2D, tf.tensor1d(labels, 'int32')))(
        tf.tensor2d(logits, [n, c]),
      );
      const total = rows.reduce((sum, row) => sum + row.value, 0);
      expect((await value.data())[0]! / total).toBeCloseTo(1, 5);
      await expectTensor(
        grad,
        rows.flatMap(({ gradient }) => gradient),
        1e-5,
      );
    });
  });

  it('of one class alone move nothing', async () => {
    await scoped(async () => {
      const gradient = tf.grad((x) => logOddsAgainst(x as tf.Tensor2D, tf.tensor1d([0], 'int32')))(tf.tensor2d([[3]]));
      await expectTensor(gradient, [0]);
    });
  });
});

onEveryBackend('sign', () => {
  it('is that of the value, however small', async () => {
    await scoped(async () => {
      await expectTensor(signOf(tf.tensor1d([1e-30, -1e-30, 0, -0, 1e-8, -1e-8, 5, -5])), [1, -1, 0, 0, 1, -1, 1, -1]);
      await expectTensor(signOf(tf.tensor1d([Infinity, -Infinity])), [1, -1]);
    });
  });
});
