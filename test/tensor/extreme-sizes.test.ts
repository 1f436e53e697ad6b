import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { convolution, dense } from '../../main/tensor/layers.ts';
import { softmaxCrossEntropy } from '../../main/tensor/loss.ts';
import { adamStep, sgdStep } from '../../main/tensor/optimizers.ts';
import { globalMaxPool } from '../../main/tensor/pooling.ts';
import { onEveryBackend } from './backends.ts';
import {
  convolutionReference,
  expectClose,
  expectTensor,
  maxPoolReference,
  normal,
  outputSize,
  scoped,
  type Windows,
} from './reference.ts';

/** More than a GPU starts at once along one axis: 65,535 groups of 64 threads. */
const many = 65_535 * 64 + 77;

/** Values that repeat, for tensors too large to draw each. */
function repeating(n: number, name: string, shift = 0): Float32Array {
  const some = normal(4099, name);
  const values = new Float32Array(n);
  for (let i = 0; i < n; i++) values[i] = some[(i * 7 + Math.floor(i / 4099)) % 4099]! + shift;
  return values;
}

/** `n` values in float64. */
function doubles(n: number, valueAt: (index: number) => number): Float64Array {
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = valueAt(i);
  return values;
}

onEveryBackend('large tensors', () => {
  it.each([
    // On a GPU a weight's products are shared out among threads: rows of dy by two and by twelve, the last share smaller.
    { n: 5, h: 21, w: 9, c: 16, d: 32, kernel: 3 },
    { n: 7, h: 33, w: 6, c: 64, d: 8, kernel: 5 },
    // Weights, outputs and inputs, each more than a GPU starts at once.
    { n: 1, h: 2, w: 1, c: 2050, d: 2050, kernel: 1 },
    { n: 1, h: 513, w: 512, c: 1, d: 16, kernel: 1 },
    { n: 1, h: 513, w: 512, c: 16, d: 1, kernel: 1 },
  ])('convolves $n x $h x $w x $c to $d channels by $kernel x $kernel, with gradients', async (shape) => {
    const { n, h, w, c, d, kernel } = shape;
    const pad = (kernel - 1) / 2;
    const windows: Windows = { n, h, w, c, kernel: [kernel, kernel], strides: [1, 1], pad: [pad, pad, pad, pad] };
    const x = repeating(n * h * w * c, 'x');
    const filter = normal(kernel * kernel * c * d, 'filter');
    const dy = repeating(n * h * w * d, 'dy');
    const bias = normal(d, 'bias');
    const expected = convolutionReference(windows, d, x, filter, dy);
    const biasGradient = new Float64Array(d);
    const magnitudes = new Float64Array(d);
    dy.forEach((value, i) => {
      biasGradient[i % d]! += value;
      magnitudes[i % d]! += Math.abs(value);
    });
    await scoped(async () => {
      const inputs = [tf.tensor4d(x, [n, h, w, c]), tf.tensor4d(filter, [kernel, kernel, c, d]), tf.tensor1d(bias)];
      const operation = (...[a, b, p]: tf.Tensor[]) =>
        convolution(a as tf.Tensor4D, b as tf.Tensor4D, p as tf.Tensor1D, 1, 'same');
      await expectTensor(
        operation(...inputs),
        expected.y.map((value, i) => value + bias[i % d]!),
      );
      const [dx, dFilter, dBias] = tf.grads(operation)(inputs, tf.tensor4d(dy, [n, h, w, d]));
      await expectTensor(dx!, expected.dx);
      await expectTensor(dFilter!, expected.dFilter);
      // Terms of both signs all but cancel, here 200,000 to 700: of what they are in size, a sum may lose the last bits.
      const found = await dBias!.data();
      magnitudes.forEach((most, i) => expect(Math.abs(found[i]! - biasGradient[i]!)).toBeLessThan(5e-7 * most));
    });
  });

  it('takes maxima and hands their gradient back', async () => {
    const windows: Windows = { n: 1, h: 1026, w: 1024, c: 4, kernel: [2, 2], strides: [2, 2], pad: [0, 0, 0, 0] };
    const { n, h, w, c } = windows;
    const [oh, ow] = outputSize(windows);
    const x = repeating(n * h * w * c, 'x', -1);
    const dy = repeating(n * oh * ow * c, 'dy');
    const expected = maxPoolReference(windows, x, dy);
    await scoped(async () => {
      const pool = (image: tf.Tensor) => tf.maxPool(image as tf.Tensor4D, 2, 2, 'valid');
      const image = tf.tensor4d(x, [n, h, w, c]);
      await expectTensor(pool(image), expected.y, 0);
      await expectTensor(tf.grad(pool)(image, tf.tensor4d(dy, [n, oh, ow, c])), expected.dx);
    });
  });

  it('passes and stops by relu', async () => {
    const [x, dy] = [repeating(many, 'x'), repeating(many, 'dy')];
    await scoped(async () => {
      await expectTensor(
        tf.relu(tf.tensor1d(x)),
        x.map((value) => Math.max(value, 0)),
        0,
      );
      const gradient = tf.grad(tf.relu)(tf.tensor1d(x), tf.tensor1d(dy));
      await expectTensor(
        gradient,
        dy.map((value, i) => (x[i]! > 0 ? value : 0)),
        0,
      );
    });
  });

  it('steps by Adam and SGD', async () => {
    const [start, gradient] = [repeating(many, 'start'), repeating(many, 'gradient')];
    const tensors = tf.tidy(() =>
      [start, new Float32Array(many), new Float32Array(many)].map((values) => tf.variable(tf.tensor1d(values))),
    );
    const [variable, m, v] = tensors as [tf.Variable, tf.Variable, tf.Variable];
    tf.tidy(() => adamStep(variable, tf.tensor1d(gradient), m, v, { learningRate: 0.1, epsilon: 1e-3, step: 1 }));
    const stepped = doubles(many, (i) => start[i]! - (0.1 * gradient[i]!) / (Math.abs(gradient[i]!) + 1e-3));
    await expectTensor(variable, stepped, 1e-6);
    const moment = doubles(many, (i) => 0.1 * gradient[i]!);
    await expectTensor(m, moment, 1e-6);
    tf.tidy(() => sgdStep(variable, tf.tensor1d(gradient), m, { learningRate: 0.5, momentum: 0.5 }));
    const velocity = doubles(many, (i) => 0.5 * moment[i]! + gradient[i]!);
    await expectTensor(m, velocity, 1e-6);
    const moved = doubles(many, (i) => stepped[i]! - 0.5 * velocity[i]!);
    await expectTensor(variable, moved, 1e-6);
    tf.dispose(tensors);
  });

  it('has the cross entropy of as many rows', async () => {
    const logits = repeating(2 * many, 'logits');
    const labels = Int32Array.from({ length: many }, (_, i) => i % 2);
    let loss = 0;
    // Times the number of rows, which would make all of it tiny.
    const gradient = doubles(2 * many, (at) => {
      const isLabel = labels[at >> 1] === (at & 1);
      const odds = Math.exp(logits[at ^ 1]! - logits[at]!);
      if (isLabel) loss += Math.log1p(odds) / many;
      return 1 / (1 + odds) - (isLabel ? 1 : 0);
    });
    await scoped(async () => {
      const { value, grad } = tf.valueAndGrad((x) =>
        softmaxCrossEntropy(x as tf.Tensor2D, tf.tensor1d(labels, 'int32')),
      )(tf.tensor2d(logits, [many, 2]));
      expect(Math.abs((await value.data())[0]! / loss - 1)).toBeLessThan(1e-5);
      const found = await grad.data();
      expectClose(
        doubles(2 * many, (at) => found[at]! * many),
        gradient,
      );
    });
  });
});

onEveryBackend('empty tensors', () => {
  const maxPool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid');
  const avgPool = (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid');
  const whole = (x: tf.Tensor) => globalMaxPool(x as tf.Tensor4D);
  it.each([
    { title: 'no images, by maxima', pool: maxPool, from: [0, 4, 4, 3], to: [0, 2, 2, 3] },
    { title: 'no channels, by maxima', pool: maxPool, from: [2, 4, 4, 0], to: [2, 2, 2, 0] },
    { title: 'no images, by means', pool: avgPool, from: [0, 4, 4, 3], to: [0, 2, 2, 3] },
    { title: 'no images, over all positions', pool: whole, from: [0, 4, 4, 3], to: [0, 3] },
    { title: 'no channels, over all positions', pool: whole, from: [2, 4, 4, 0], to: [2, 0] },
  ])('are pooled to empty ones, with gradients: $title', async ({ pool, from, to }) => {
    await scoped(async () => {
      const found = pool(tf.zeros(from));
      expect(found.shape).toEqual(to);
      expect(await found.data()).toHaveLength(0);
      const gradient = tf.grad(pool)(tf.zeros(from), tf.zeros(to));
      expect(gradient.shape).toEqual(from);
      expect(await gradient.data()).toHaveLength(0);
    });
  });

  it('pass relu and a layer, whose weights get no gradient', async () => {
    await scoped(async () => {
      const x = tf.zeros<tf.Rank.R2>([0, 3]);
      expect(tf.relu(x).shape).toEqual([0, 3]);
      const gradient = tf.grad(tf.relu)(x, tf.zeros([0, 3]));
      expect(gradient.shape).toEqual([0, 3]);
      expect(await gradient.data()).toHaveLength(0);
      const layer = (...[a, b, p]: tf.Tensor[]) => dense(a as tf.Tensor2D, b as tf.Tensor2D, p as tf.Tensor1D);
      const inputs = [x, tf.ones([3, 2]), tf.ones([2])];
      expect(layer(...inputs).shape).toEqual([0, 2]);
      const [dx, dWeights, dBias] = tf.grads(layer)(inputs, tf.zeros([0, 2]));
      expect(dx!.shape).toEqual([0, 3]);
      await expectTensor(dWeights!, new Float64Array(6), 0);
      await expectTensor(dBias!, new Float64Array(2), 0);
    });
  });

  it('have a mean loss that is no number, and an empty gradient', async () => {
    await scoped(async () => {
      const loss = (x: tf.Tensor) => softmaxCrossEntropy(x as tf.Tensor2D, tf.tensor1d([], 'int32'));
      const { value, grad } = tf.valueAndGrad(loss)(tf.zeros([0, 3]));
      expect((await value.data())[0]).toBeNaN();
      expect(grad.shape).toEqual([0, 3]);
      expect(await grad.data()).toHaveLength(0);
    });
  });

  it('are left alone by optimizers', async () => {
    const tensors = tf.tidy(() => [0, 1, 2].map(() => tf.variable(tf.zeros([0, 4]))));
    const [variable, m, v] = tensors as [tf.Variable, tf.Variable, tf.Variable];
    tf.tidy(() => adamStep(variable, tf.zeros([0, 4]), m, v, { learningRate: 0.1, step: 1 }));
    tf.tidy(() => sgdStep(variable, tf.zeros([0, 4]), m, { learningRate: 0.1, momentum: 0.9 }));
    for (const tensor of tensors) expect(await tensor.data()).toHaveLength(0);
    tf.dispose(tensors);
  });
});
