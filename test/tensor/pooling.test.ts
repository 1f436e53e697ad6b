import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { globalMaxPool } from '../../main/tensor/pooling.ts';
import { onEveryBackend } from './backends.ts';
import { expectTensor, maxPoolReference, normal, outputSize, scoped, type Windows } from './reference.ts';

const cases: { title: string; windows: Windows; pad: 'same' | 'valid' | number }[] = [
  {
    title: '2x2 over an even image',
    windows: { n: 2, h: 6, w: 4, c: 8, kernel: [2, 2], strides: [2, 2], pad: [0, 0, 0, 0] },
    pad: 'valid',
  },
  {
    title: '2x2 over an odd image, five channels',
    windows: { n: 2, h: 7, w: 5, c: 5, kernel: [2, 2], strides: [2, 2], pad: [0, 0, 0, 0] },
    pad: 'valid',
  },
  {
    title: '3x3 same, stride 2',
    windows: { n: 1, h: 5, w: 7, c: 3, kernel: [3, 3], strides: [2, 2], pad: [1, 1, 1, 1] },
    pad: 'same',
  },
  {
    title: '3x2 with overlap',
    windows: { n: 3, h: 6, w: 6, c: 4, kernel: [3, 2], strides: [1, 1], pad: [0, 0, 0, 0] },
    pad: 'valid',
  },
];

onEveryBackend('max pooling', () => {
  describe.each(cases)('$title', ({ windows, pad }) => {
    const { n, h, w, c, kernel, strides } = windows;
    const [oh, ow] = outputSize(windows);
    const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, [kernel[0], kernel[1]], [strides[0], strides[1]], pad);

    it.each([
      ['mixed signs', 0],
      ['nothing above zero', -10],
      ['nothing below zero', 10],
    ])('agrees with the reference, gradient too: %s', async (_title, shift) => {
      const x = normal(n * h * w * c, 'x').map((value) => value + shift);
      const dy = normal(n * oh * ow * c, 'dy');
      const expected = maxPoolReference(windows, x, dy);
      await scoped(async () => {
        const image = tf.tensor4d(x, [n, h, w, c]);
        await expectTensor(pool(image), expected.y, 0);
        await expectTensor(tf.grad(pool)(image, tf.tensor4d(dy, [n, oh, ow, c])), expected.dx);
      });
    });
  });

  it('gives the gradient to the first of equal maxima', async () => {
    await scoped(async () => {
      const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid');
      const gradient = tf.grad(pool)(tf.zeros([1, 2, 2, 4]), tf.fill([1, 1, 1, 4], 3));
      await expectTensor(gradient, [3, 3, 3, 3, ...new Array<number>(12).fill(0)]);
    });
  });

  it('takes the maximum over all positions, with its gradient', async () => {
    const windows: Windows = { n: 3, h: 7, w: 7, c: 6, kernel: [7, 7], strides: [1, 1], pad: [0, 0, 0, 0] };
    const [x, dy] = [normal(3 * 49 * 6, 'x'), normal(18, 'dy')];
    const expected = maxPoolReference(windows, x, dy);
    await scoped(async () => {
      const image = tf.tensor4d(x, [3, 7, 7, 6]);
      const found = globalMaxPool(image);
      expect(found.shape).toEqual([3, 6]);
      await expectTensor(found, expected.y, 0);
      const gradient = tf.grad((input) => globalMaxPool(input as tf.Tensor4D))(image, tf.tensor2d(dy, [3, 6]));
      await expectTensor(gradient, expected.dx);
    });
  });
});
