import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { gradients } from '../../main/tensor/gradients/index.ts';
import { convolution, dense } from '../../main/tensor/layers.ts';
import { ownKernels } from '../../main/tensor/own-kernels.ts';
import { onEveryBackend } from './backends.ts';
import { normal, scoped } from './reference.ts';

interface Case {
  /** The kernel whose gradient this is about. */
  kernel: string;
  shapes: number[][];
  apply: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** Maps draws from the normal distribution to where the function is smooth. */
  domain?: (value: number) => number;
}

const positive = (value: number) => Math.abs(value) + 0.5;
/** Away from the corner at 0, and from 6 and 1 where others have one. */
const offZero = (value: number) => value + Math.sign(value) * 0.1;

function unary(kernel: string, apply: (x: tf.Tensor) => tf.Tensor, domain = (value: number) => value): Case {
  return { kernel, shapes: [[3, 4]], apply: (x) => apply(x), domain };
}

function binary(kernel: string, apply: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, domain = offZero): Case[] {
  const shapes = [
    [[2, 3], [2, 3]],
    [[2, 3], [3]],
    [[3, 1], [2, 1, 4]],
    [[], [2, 2]],
  ]; // prettier-ignore
  return shapes.map((pair) => ({ kernel, shapes: pair, apply: (a, b) => apply(a, b), domain }));
}

const cases: Case[] = [
  ...binary(tf.Add, (a, b) => tf.add(a, b)),
  ...binary(tf.Sub, (a, b) => tf.sub(a, b)),
  ...binary(tf.Multiply, (a, b) => tf.mul(a, b)),
  ...binary(tf.RealDiv, (a, b) => tf.div(a, b), positive),
  ...binary(tf.Maximum, (a, b) => tf.maximum(a, b)),
  ...binary(tf.Minimum, (a, b) => tf.minimum(a, b)),
  ...binary(tf.SquaredDifference, (a, b) => tf.squaredDifference(a, b)),
  unary(tf.Relu, tf.relu, offZero),
  unary(tf.Relu6, (x) => tf.relu6(tf.mul(x, 4)), offZero),
  unary(tf.LeakyRelu, (x) => tf.leakyRelu(x, 0.3), offZero),
  unary(tf.Elu, tf.elu, offZero),
  unary(tf.Abs, tf.abs, offZero),
  unary(tf.Square, tf.square),
  unary(tf.Log, tf.log, positive),
  unary(tf.Log1p, tf.log1p, positive),
  unary(tf.Softplus, tf.softplus),
  unary(tf.Neg, tf.neg),
  unary(tf.Cast, (x) => tf.cast(x, 'float32')),
  unary(tf.Identity, (x) => tf.clone(x)),
  unary(tf.ClipByValue, (x) => tf.clipByValue(x, -0.55, 0.75)),
  unary(tf.Exp, tf.exp),
  unary(tf.Sqrt, tf.sqrt, positive),
  unary(tf.Rsqrt, tf.rsqrt, positive),
  unary(tf.Sigmoid, tf.sigmoid),
  unary(tf.Tanh, tf.tanh),
  {
    kernel: tf.Select,
    shapes: [
      [2, 3],
      [2, 3],
    ],
    apply: (a, b) => tf.where(tf.tensor2d([[1, 0, 1], [0, 0, 1]], [2, 3], 'bool'), a, b), // prettier-ignore
  },
  unary(tf.Reshape, (x) => tf.reshape(x, [6, 2])),
  unary(tf.ExpandDims, (x) => tf.expandDims(x, 1)),
  unary(tf.Transpose, (x) => tf.transpose(tf.reshape(x, [3, 2, 2]), [1, 2, 0])),
  {
    kernel: tf.Concat,
    shapes: [
      [2, 3],
      [2, 2],
    ],
    apply: (a, b) => tf.concat([a, b], 1),
  },
  {
    kernel: tf.Pack,
    shapes: [
      [2, 3],
      [2, 3],
    ],
    apply: (a, b) => tf.stack([a, b], 1),
  },
  unary(tf.Slice, (x) => tf.slice(x, [1, 1], [2, 2])),
  unary(tf.Slice, (x) => tf.slice(x, [1], [-1])),
  unary(tf.PadV2, (x) => tf.pad(x, [[1, 0], [2, 3]])), // prettier-ignore
  unary(tf.Tile, (x) => tf.tile(x, [2, 3])),
  unary(tf.Tile, (x) => tf.broadcastTo(tf.reshape(x, [3, 1, 4]), [3, 5, 4])),
  unary(tf.Sum, (x) => tf.sum(x, 0)),
  unary(tf.Sum, (x) => tf.sum(x, 1, true)),
  unary(tf.Sum, (x) => tf.sum(x)),
  unary(tf.Mean, (x) => tf.mean(x, 1)),
  unary(tf.Max, (x) => tf.max(x, 1)),
  unary(tf.Min, (x) => tf.min(x, 0, true)),
  unary(tf.Softmax, (x) => tf.softmax(x)),
  unary(tf.LogSoftmax, (x) => tf.logSoftmax(x)),
  ...[false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({
      kernel: tf.BatchMatMul,
      shapes: [transposeA ? [3, 2] : [2, 3], transposeB ? [4, 3] : [3, 4]],
      apply: (...[a, b]: tf.Tensor[]) => tf.matMul(a!, b!, transposeA, transposeB),
    })),
  ),
  {
    kernel: tf.BatchMatMul,
    shapes: [
      [5, 2, 3],
      [1, 3, 4],
    ],
    apply: (a, b) => tf.matMul(a, b),
  },
  {
    kernel: ownKernels.dense,
    shapes: [[4, 3], [3, 5], [5]],
    apply: (x, weights, bias) => dense(x as tf.Tensor2D, weights as tf.Tensor2D, bias as tf.Tensor1D),
  },
  {
    kernel: tf.Conv2D,
    shapes: [
      [2, 5, 4, 2],
      [3, 3, 2, 3],
    ],
    apply: (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, 'same'),
  },
  {
    kernel: ownKernels.convolution,
    shapes: [[2, 5, 4, 2], [3, 3, 2, 3], [3]],
    apply: (x, filter, bias) => convolution(x as tf.Tensor4D, filter as tf.Tensor4D, bias as tf.Tensor1D, 1, 'valid'),
  },
  { kernel: tf.MaxPool, shapes: [[1, 4, 4, 2]], apply: (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid') },
  { kernel: tf.AvgPool, shapes: [[1, 4, 4, 2]], apply: (x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid') },
];

it('tests every gradient that is registered', () => {
  expect(new Set(cases.map(({ kernel }) => kernel))).toEqual(new Set(gradients.map(({ kernelName }) => kernelName)));
});

/** The sum of the elements of `tensor` times `weights`, in float64. */
async function weightedSum(tensor: tf.Tensor, weights: Float32Array): Promise<number> {
  return (await tensor.data<'float32'>()).reduce((sum, value, i) => sum + value * weights[i]!, 0);
}

onEveryBackend('gradients', () => {
  it.each(cases.map((test) => ({ ...test, inputs: test.shapes.map((shape) => `[${shape.join(', ')}]`).join(', ') })))(
    'agrees with finite differences: $kernel of $inputs',
    async ({ shapes, apply, domain = (value) => value }) => {
      await scoped(async () => {
        const values = shapes.map((shape, i) => normal(tf.util.sizeFromShape(shape), 'input', i).map(domain));
        const inputs = (data: Float32Array[]) => data.map((array, i) => tf.tensor(array, shapes[i]));
        const y = apply(...inputs(values));
        const weights = normal(y.size, 'weights');
        const found = tf.grads(apply)(inputs(values), tf.tensor(weights, y.shape));
        for (const [i, shape] of shapes.entries()) {
          expect(found[i]!.shape).toEqual(shape);
          for (const attempt of [0, 1]) {
            const direction = normal(values[i]!.length, 'direction', attempt);
            const step = 5e-3;
            const moved = (sign: number) =>
              values.map((array, j) =>
                j === i ? array.map((value, k) => value + sign * step * direction[k]!) : array,
              );
            const at = (sign: number) => weightedSum(apply(...inputs(moved(sign))), weights);
            const [above, below] = [await at(1), await at(-1)];
            const difference = (above - below) / (2 * step);
            expect(await weightedSum(found[i]!, direction)).toBeCloseTo(difference, 2);
          }
        }
      });
    },
  );

  it('shares the gradient among equal maxima', async () => {
    await scoped(async () => {
      const gradient = tf.grad((x) => tf.max(x, 1))(tf.tensor2d([[1, 3, 3]]), tf.tensor1d([4])); // prettier-ignore
      expect([...(await gradient.data())]).toEqual([0, 2, 2]);
    });
  });
});
