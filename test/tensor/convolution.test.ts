import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { convolution } from '../../main/tensor/layers.ts';
import { onEveryBackend } from './backends.ts';
import { convolutionReference, expectTensor, normal, outputSize, scoped, type Windows } from './reference.ts';

type Pad = 'same' | 'valid' | number | [[0, 0], [number, number], [number, number], [0, 0]];

interface Case {
  title: string;
  windows: Windows;
  d: number;
  pad: Pad;
}

const cases: Case[] = [
  {
    title: '3x3 same, one channel',
    windows: { n: 3, h: 9, w: 7, c: 1, kernel: [3, 3], strides: [1, 1], pad: [1, 1, 1, 1] },
    d: 5,
    pad: 'same',
  },
  {
    title: '3x3 same, batch 1',
    windows: { n: 1, h: 6, w: 6, c: 4, kernel: [3, 3], strides: [1, 1], pad: [1, 1, 1, 1] },
    d: 8,
    pad: 'same',
  },
  {
    title: '2x4 same: padding is heavier at the end',
    windows: { n: 2, h: 5, w: 8, c: 3, kernel: [2, 4], strides: [1, 1], pad: [0, 1, 1, 2] },
    d: 2,
    pad: 'same',
  },
  {
    title: '5x5 valid, stride 2',
    windows: { n: 2, h: 12, w: 11, c: 2, kernel: [5, 5], strides: [2, 2], pad: [0, 0, 0, 0] },
    d: 7,
    pad: 'valid',
  },
  {
    title: '3x2, strides 2 and 3, explicit padding',
    windows: { n: 2, h: 8, w: 9, c: 3, kernel: [3, 2], strides: [2, 3], pad: [2, 0, 1, 1] },
    d: 3,
    pad: [
      [0, 0],
      [2, 1],
      [0, 1],
      [0, 0],
    ],
  },
  {
    title: '1x1, a plain product',
    windows: { n: 2, h: 5, w: 6, c: 9, kernel: [1, 1], strides: [1, 1], pad: [0, 0, 0, 0] },
    d: 10,
    pad: 'valid',
  },
  {
    title: '1x1, stride 2',
    windows: { n: 2, h: 5, w: 6, c: 3, kernel: [1, 1], strides: [2, 2], pad: [0, 0, 0, 0] },
    d: 4,
    pad: 'valid',
  },
  {
    title: 'a filter wider than the image',
    windows: { n: 1, h: 2, w: 2, c: 2, kernel: [5, 5], strides: [1, 1], pad: [2, 2, 2, 2] },
    d: 3,
    pad: 2,
  },
  {
    title: 'many patches: several chunks',
    windows: { n: 2, h: 28, w: 28, c: 8, kernel: [3, 3], strides: [1, 1], pad: [1, 1, 1, 1] },
    d: 3,
    pad: 'same',
  },
];

function tensors({ windows, d }: Case) {
  const { n, h, w, c, kernel } = windows;
  const [oh, ow] = outputSize(windows);
  const values = {
    x: normal(n * h * w * c, 'x'),
    filter: normal(kernel[0] * kernel[1] * c * d, 'filter'),
    dy: normal(n * oh * ow * d, 'dy'),
    bias: normal(d, 'bias'),
  };
  return { ...values, expected: convolutionReference(windows, d, values.x, values.filter, values.dy), oh, ow };
}

onEveryBackend('convolution', () => {
  describe.each(cases)('$title', (test) => {
    const { windows, d, pad } = test;
    const { n, h, w, c, kernel } = windows;
    const strides: [number, number] = [windows.strides[0], windows.strides[1]];
    const { x, filter, dy, bias, expected, oh, ow } = tensors(test);
    const image = () => tf.tensor4d(x, [n, h, w, c]);
    const weights = () => tf.tensor4d(filter, [kernel[0], kernel[1], c, d]);
    const withBias = expected.y.map((value, i) => value + bias[i % d]!);

    it('agrees with float64', async () => {
      await scoped(async () => {
        const found = tf.conv2d(image(), weights(), strides, pad);
        expect(found.shape).toEqual([n, oh, ow, d]);
        await expectTensor(found, expected.y);
      });
    });

    it('has the right gradients of input and filter', async () => {
      await scoped(async () => {
        const gradients = tf.grads((...[a, b]: tf.Tensor[]) =>
          tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad),
        );
        const [dx, dFilter] = gradients([image(), weights()], tf.tensor4d(dy, [n, oh, ow, d]));
        await expectTensor(dx!, expected.dx);
        await expectTensor(dFilter!, expected.dFilter);
      });
    });

    it('fuses bias and relu', async () => {
      await scoped(async () => {
        const call = { x: image(), filter: weights(), strides, pad, bias: tf.tensor1d(bias) };
        await expectTensor(tf.fused.conv2d({ ...call, activation: 'linear' }), withBias);
        await expectTensor(
          tf.fused.conv2d({ ...call, activation: 'relu' }),
          withBias.map((value) => Math.max(value, 0)),
        );
        await expectTensor(
          tf.fused.conv2d({ ...call, activation: 'elu' }),
          withBias.map((value) => (value > 0 ? value : Math.exp(value) - 1)),
        );
      });
    });

    it('adds a bias and has its gradient', async () => {
      await scoped(async () => {
        const operation = (...[a, b, p]: tf.Tensor[]) =>
          convolution(a as tf.Tensor4D, b as tf.Tensor4D, p as tf.Tensor1D, strides, pad);
        const inputs = [image(), weights(), tf.tensor1d(bias)];
        await expectTensor(operation(...inputs), withBias);
        const [dx, dFilter, dBias] = tf.grads(operation)(inputs, tf.tensor4d(dy, [n, oh, ow, d]));
        await expectTensor(dx!, expected.dx);
        await expectTensor(dFilter!, expected.dFilter);
        const sums = new Float64Array(d);
        dy.forEach((value, i) => (sums[i % d]! += value));
        await expectTensor(dBias!, sums);
      });
    });
  });

  it('takes an empty batch, whose filter gradient is zero', async () => {
    await scoped(async () => {
      const filter = tf.ones<tf.Rank.R4>([3, 3, 2, 4]);
      const x = tf.zeros<tf.Rank.R4>([0, 5, 5, 2]);
      expect(tf.conv2d(x, filter, 1, 'same').shape).toEqual([0, 5, 5, 4]);
      const gradient = tf.grad((weights) => tf.conv2d(x, weights as tf.Tensor4D, 1, 'same'))(
        filter,
        tf.zeros([0, 5, 5, 4]),
      );
      await expectTensor(gradient, new Float64Array(72));
    });
  });

  it('says that it cannot differentiate a dilated convolution', () => {
    const operation = (x: tf.Tensor) =>
      tf.conv2d(x as tf.Tensor4D, tf.ones<tf.Rank.R4>([3, 3, 1, 1]), 1, 'same', 'NHWC', 2);
    expect(() => tf.tidy(() => tf.grad(operation)(tf.ones([1, 7, 7, 1])))).toThrow(/dilation/i);
  });
});
