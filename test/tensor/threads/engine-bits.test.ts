import * as tf from '@tensorflow/tfjs-core';
import { startEngine } from '../../../main/tensor/engine.ts';
import { convolution, dense } from '../../../main/tensor/layers.ts';
import { softmaxCrossEntropy } from '../../../main/tensor/loss.ts';
import { adamStep, sgdStep } from '../../../main/tensor/optimizers.ts';
import { globalMaxPool } from '../../../main/tensor/pooling.ts';
import { normal } from '../reference.ts';
import { expectSameBits } from './expect-same-bits.ts';

await startEngine('wasm');

type Case = [name: string, compute: () => ArrayBufferView];

/** The values of what is computed, one tensor after the other. */
function valuesOf(compute: () => tf.Tensor[]): Float32Array {
  const values = tf.tidy(() => compute().map((tensor) => tensor.dataSync() as Float32Array));
  return Float32Array.from(values.flatMap((part) => [...part]));
}

const random = (...shape: number[]) => tf.tensor(normal(tf.util.sizeFromShape(shape), `values ${shape.join()}`), shape);

// prettier-ignore
const products: Case[] = [[0, 3, 2], [1, 1, 1], [2, 1, 3], [5, 7, 3], [97, 131, 401], [260, 190, 70], [130, 520, 33]].flatMap(([m, n, k]) =>
  [false, true].flatMap((transposeA) => [false, true].map((transposeB): Case => [
    `product of ${m} x ${k} and ${k} x ${n}, ${transposeA}, ${transposeB}`,
    () => valuesOf(() => [
      tf.matMul(random(...(transposeA ? [k!, m!] : [m!, k!])), random(...(transposeB ? [n!, k!] : [k!, n!])), transposeA, transposeB),
    ]),
  ])),
);

/** A convolution and its gradients: images, height and width, channels in and out, kernel, stride. */
// prettier-ignore
const convolutions: Case[] = (
  [[0, 5, 1, 2, 3, 1], [1, 3, 1, 1, 3, 1], [2, 6, 3, 5, 2, 2], [3, 9, 4, 7, 1, 1], [13, 17, 5, 19, 3, 1], [1, 40, 8, 16, 5, 3]] as const
).flatMap(([n, size, c, d, kernel, stride]) => (['same', 'valid'] as const).map((pad): Case => [
  `convolution of ${n} images of ${size} x ${size} x ${c} to ${d}, kernel ${kernel}, stride ${stride}, ${pad}`,
  () => valuesOf(() => {
    const [x, filter, bias] = [random(n, size, size, c), random(kernel, kernel, c, d), random(d)] as [tf.Tensor4D, tf.Tensor4D, tf.Tensor1D];
    const operation = (...[a, b, e]: tf.Tensor[]) => convolution(a as tf.Tensor4D, b as tf.Tensor4D, e as tf.Tensor1D, stride, pad);
    const y = operation(x, filter, bias);
    return [y, ...tf.grads(operation)([x, filter, bias], random(...y.shape))];
  }),
]));

// prettier-ignore
const pools: Case[] = ([[1, 4, 1, 2, 2], [7, 9, 5, 3, 2], [3, 11, 35, 11, 1]] as const).map(([n, size, c, window, stride]) => [
  `max pooling of ${n} images of ${size} x ${size} x ${c}, window ${window}, stride ${stride}`,
  () => valuesOf(() => {
    const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, window, stride, 'same');
    const x = random(n, size, size, c);
    return [pool(x), tf.grad(pool)(x)];
  }),
]);

// prettier-ignore
const elementWise: Case[] = [[1], [3], [1001], [17, 5], [403, 67]].map((shape) => [
  `relu, its gradient, sums, Adam and SGD of ${shape.join(' x ')}`,
  () => valuesOf(() => {
    const x = random(...shape);
    const [p, q, m, v, u] = [x, x, tf.zeros(shape), tf.zeros(shape), tf.zeros(shape)].map((start) => tf.variable(start)) as
      [tf.Variable, tf.Variable, tf.Variable, tf.Variable, tf.Variable];
    for (const step of [1, 2]) adamStep(p, x, m, v, { learningRate: 0.1, step, weightDecay: 0.01 });
    sgdStep(q, x, u, { learningRate: 0.1, momentum: 0.9 });
    const out = [tf.relu(x), tf.grad(tf.relu)(x), tf.sum(x, 0), ...[p, q, m, v, u].map((state) => tf.add(state, 0))];
    tf.dispose([p, q, m, v, u]);
    return out;
  }),
]);

/** Steps of training a network with convolutions, pools and dense layers. */
function training(): Float32Array {
  const shapes = [[3, 3, 1, 8], [8], [3, 3, 8, 16], [16], [16, 64], [64], [64, 10], [10]];
  const weights = shapes.map((shape) => tf.variable(tf.mul(random(...shape), 0.2)));
  const moments = shapes.map((shape) => [tf.variable(tf.zeros(shape)), tf.variable(tf.zeros(shape))] as const);
  const x = random(40, 20, 20, 1) as tf.Tensor4D;
  const labels = tf.tensor1d(Int32Array.from({ length: 40 }, (_, i) => i % 10), 'int32'); // prettier-ignore
  const [f0, b0, f1, b1, w2, b2, w3, b3] = weights as tf.Tensor[];
  const block = (input: tf.Tensor4D, filter: tf.Tensor, bias: tf.Tensor) =>
    tf.maxPool(tf.relu(convolution(input, filter as tf.Tensor4D, bias as tf.Tensor1D, 1, 'same')), 2, 2, 'valid');
  const layer = (input: tf.Tensor2D, w: tf.Tensor, b: tf.Tensor) => dense(input, w as tf.Tensor2D, b as tf.Tensor1D);
  const logits = () => layer(tf.relu(layer(globalMaxPool(block(block(x, f0!, b0!), f1!, b1!)), w2!, b2!)), w3!, b3!);
  for (let step = 1; step <= 3; step++)
    tf.tidy(() => {
      const { grads } = tf.variableGrads(() => softmaxCrossEntropy(logits(), labels), weights);
      weights.forEach((weight, i) =>
        adamStep(weight, grads[weight.name]!, ...moments[i]!, { learningRate: 0.01, step }),
      );
    });
  const values = valuesOf(() => weights.map((weight) => tf.add(weight, 0)));
  tf.dispose([x, labels, ...weights, ...moments.flat()]);
  return values;
}

expectSameBits([...products, ...convolutions, ...pools, ...elementWise, ['weights after steps of training', training]]);
