import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dense } from '../../main/tensor/layers.ts';
import { onEveryBackend } from './backends.ts';
import { expectClose, expectTensor, normal, product, scoped } from './reference.ts';

const transpositions = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

// Around the kernels' tile (6 x 8, 4 x 8) and block sizes (96, 384, 512), and the degenerate ones.
const sizes = [
  [1, 1, 1],
  [1, 7, 1],
  [2, 3, 5],
  [6, 8, 8],
  [5, 4, 7],
  [7, 9, 17],
  [13, 385, 9],
  [97, 5, 3],
  [3, 2, 515],
  [100, 770, 20],
] as const;

function matrix(values: Float32Array, rows: number, columns: number, isTransposed: boolean): tf.Tensor2D {
  return tf.tensor2d(values, isTransposed ? [columns, rows] : [rows, columns]);
}

onEveryBackend('matMul', (backend) => {
  for (const [transposeA, transposeB] of transpositions) {
    const kind = `${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
    it.each(sizes)(`agrees with float64 for ${kind} [%i, %i] x [.., %i]`, async (m, k, n) => {
      const [a, b] = [normal(m * k, 'a'), normal(k * n, 'b')];
      await scoped(async () => {
        const found = tf.matMul(matrix(a, m, k, transposeA), matrix(b, k, n, transposeB), transposeA, transposeB);
        expect(found.shape).toEqual([m, n]);
        await expectTensor(found, product([m, k, n], a, b, transposeA, transposeB));
      });
    });
  }

  it('agrees with float64 for sizes drawn at random', async () => {
    const size = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(
        size,
        size,
        size,
        fc.constantFrom(...transpositions),
        async (m, k, n, [transposeA, transposeB]) => {
          const [a, b] = [normal(m * k, m, 'a'), normal(k * n, n, 'b')];
          await scoped(async () => {
            const found = tf.matMul(matrix(a, m, k, transposeA), matrix(b, k, n, transposeB), transposeA, transposeB);
            await expectTensor(found, product([m, k, n], a, b, transposeA, transposeB));
          });
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  // The JavaScript backend itself is wrong where both factors are broadcast, the one on WebGPU refuses; nothing here does it.
  if (backend !== 'cpu' && backend !== 'webgpu')
    it('multiplies batches, and broadcasts either factor over any batch axis', async () => {
      await scoped(async () => {
        const values = { a: normal(2 * 1 * 3 * 4, 'a'), b: normal(5 * 4 * 2, 'b') };
        const found = tf.matMul(tf.tensor(values.a, [2, 1, 3, 4]), tf.tensor(values.b, [5, 4, 2]));
        expect(found.shape).toEqual([2, 5, 3, 2]);
        const data = await found.data();
        for (let i = 0; i < 2; i++)
          for (let j = 0; j < 5; j++) {
            const left = values.a.slice(i * 12, (i + 1) * 12);
            const right = values.b.slice(j * 8, (j + 1) * 8);
            expectClose(data.slice((i * 5 + j) * 6, (i * 5 + j + 1) * 6), product([3, 4, 2], left, right));
          }
      });
    });

  it('gives zeros where the inner size is zero and nothing where an outer one is', async () => {
    await scoped(async () => {
      await expectTensor(tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])), new Float64Array(6));
      expect(tf.matMul(tf.zeros([0, 4]), tf.zeros([4, 3])).shape).toEqual([0, 3]);
      expect(await tf.matMul(tf.zeros([2, 4]), tf.zeros([4, 0])).data()).toHaveLength(0);
    });
  });

  it('lets NaN and infinity through', async () => {
    await scoped(async () => {
      const found = tf.matMul(tf.tensor2d([[NaN, 1], [0, Infinity]]), tf.tensor2d([[1, 0], [1, 2]])); // prettier-ignore
      const data = await found.data();
      expectClose(data.slice(0, 2), [NaN, NaN]);
      expect([...data.slice(2)]).toEqual([Infinity, Infinity]);
    });
  });

  it.each(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const)(
    'fuses bias and %s, also over several blocks of the inner size and transposed',
    async (activation) => {
      const [m, k, n] = [7, 500, 11];
      const [a, b, bias] = [normal(m * k, 'a'), normal(k * n, 'b'), normal(n, 'bias')];
      const alpha = 0.3;
      const functions: Record<typeof activation, (x: number) => number> = {
        linear: (x) => x,
        relu: (x) => Math.max(x, 0),
        relu6: (x) => Math.min(Math.max(x, 0), 6),
        elu: (x) => (x > 0 ? x : Math.exp(x) - 1),
        sigmoid: (x) => 1 / (1 + Math.exp(-x)),
        leakyrelu: (x) => (x > 0 ? x : alpha * x),
        prelu: (x) => (x > 0 ? x : alpha * x),
      };
      await scoped(async () => {
        const found = tf.fused.matMul({
          a: matrix(a, m, k, false),
          b: matrix(b, k, n, true),
          transposeB: true,
          bias: tf.tensor1d(bias),
          activation,
          ...(activation === 'prelu' ? { preluActivationWeights: tf.tensor1d([alpha]) } : {}),
          leakyreluAlpha: alpha,
        });
        const expected = product([m, k, n], a, b, false, true).map((x, i) => functions[activation](x + bias[i % n]!));
        await expectTensor(found, expected);
      });
    },
  );

  it('adds a bias in a dense layer', async () => {
    const [m, k, n] = [9, 401, 13];
    const [x, weights, bias] = [normal(m * k, 'a'), normal(k * n, 'b'), normal(n, 'bias')];
    await scoped(async () => {
      const found = dense(tf.tensor2d(x, [m, k]), tf.tensor2d(weights, [k, n]), tf.tensor1d(bias));
      expect(found.shape).toEqual([m, n]);
      const expected = product([m, k, n], x, weights).map((value, i) => value + bias[i % n]!);
      await expectTensor(found, expected);
    });
  });

  it('refuses factors that do not fit', () => {
    expect(() => tf.matMul(tf.zeros([2, 3]), tf.zeros([4, 5]))).toThrow(/3.*4/s);
  });
});
