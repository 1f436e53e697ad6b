import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { startEngine } from '../../main/tensor/engine.ts';
import { nearestRows, unitRows } from '../../main/detectors/parts/nearest.ts';
import { MomentAccumulator } from '../../main/tensor/linalg/moments.ts';
import { quadraticForms } from '../../main/tensor/linalg/quadratic-forms.ts';
import { symmetricEigen } from '../../main/tensor/linalg/symmetric-eigen.ts';
import { convolution, dense } from '../../main/tensor/layers.ts';
import { softmaxCrossEntropy } from '../../main/tensor/loss.ts';
import { adamStep } from '../../main/tensor/optimizers.ts';
import { globalMaxPool } from '../../main/tensor/pooling.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { read } from '../../main/tensor/read.ts';
import type { Bench, Measured } from './bench.ts';

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;

/** Median time of a call in milliseconds, after warming up for a tenth of the calls. */
async function timed(calls: number, action: () => unknown): Promise<Measured> {
  for (let i = 0; i < Math.max(1, calls / 10); i++) await action();
  const wall: number[] = [];
  const processor: number[] = [];
  for (let i = 0; i < calls; i++) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await action();
    const { user, system } = process.cpuUsage(before);
    wall.push(performance.now() - start);
    processor.push((user + system) / 1000);
  }
  return { value: median(wall), processor: median(processor) };
}

function normalValues(n: number, ...names: (string | number)[]): Float32Array {
  const stream = RandomStream.from(0, 'bench', ...names);
  return Float32Array.from({ length: n }, () => stream.normal());
}

function normal(...shape: number[]): tf.Tensor {
  return tf.tensor(normalValues(tf.util.sizeFromShape(shape), ...shape), shape);
}

/** One number of what `compute` gives: the engine has all of it then, and nothing else is copied. */
async function readCorner(compute: () => tf.Tensor2D): Promise<void> {
  await read(() => tf.slice(compute(), [0, 0], [1, 1]));
}

type Forward = (x: tf.Tensor, weights: tf.Tensor[]) => tf.Tensor2D;

/** Whole Adam steps (forward, loss, gradients, update, the loss read) of a network given as its weights and forward pass. */
function adamSteps(x: tf.Tensor, shapes: number[][], forward: Forward) {
  const labels = tf.tensor1d(
    Int32Array.from({ length: x.shape[0] }, (_, i) => i % 10),
    'int32',
  );
  const zero = (shape: number[]) => tf.tidy(() => tf.variable(tf.zeros(shape)));
  const weights = shapes.map((shape) =>
    tf.tidy(() => tf.variable(tf.mul(normal(...shape), shape.length > 1 ? 0.05 : 0))),
  );
  const moments = shapes.map((shape) => ({ m: zero(shape), v: zero(shape) }));
  let count = 0;
  return {
    step: async () => {
      const loss = tf.tidy(() => {
        count++;
        const { value, grads } = tf.variableGrads(() => softmaxCrossEntropy(forward(x, weights), labels), weights);
        weights.forEach((weight, i) => {
          const { m, v } = moments[i]!;
          adamStep(weight, grads[weight.name]!, m, v, { learningRate: 1e-3, step: count });
        });
        return value;
      });
      await loss.data();
      loss.dispose();
    },
    dispose: () => tf.dispose([x, labels, ...weights, ...moments.flatMap(({ m, v }) => [m, v])]),
  };
}

async function trainingStep(calls: number, x: tf.Tensor, shapes: number[][], forward: Forward): Promise<Measured> {
  const { step, dispose } = adamSteps(x, shapes, forward);
  const ms = await timed(calls, step);
  dispose();
  return ms;
}

function mlp(x: tf.Tensor, w: tf.Tensor[]): tf.Tensor2D {
  const layer = (input: tf.Tensor, i: number) =>
    dense(input as tf.Tensor2D, w[i] as tf.Tensor2D, w[i + 1] as tf.Tensor1D);
  return layer(tf.relu(layer(tf.relu(layer(x, 0)), 2)), 4);
}

const mlpShapes = (hidden: number) => [[784, hidden], [hidden], [hidden, hidden], [hidden], [hidden, 10], [10]];

function cnn(x: tf.Tensor, w: tf.Tensor[]): tf.Tensor2D {
  const block = (input: tf.Tensor4D, i: number) =>
    tf.maxPool(tf.relu(convolution(input, w[i] as tf.Tensor4D, w[i + 1] as tf.Tensor1D, 1, 'same')), 2, 2, 'valid');
  return mlp(globalMaxPool(block(block(x as tf.Tensor4D, 0), 2)), w.slice(4));
}

const cnnShapes = [[3, 3, 1, 32], [32], [3, 3, 32, 64], [64], [64, 256], [256], [256, 256], [256], [256, 10], [10]];

function symmetric(n: number): Float64Array {
  const stream = RandomStream.from(0, 'bench-eigen', n);
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = stream.normal();
  return a;
}

function uniform(n: number): Float32Array {
  const stream = RandomStream.from(0, 'bench-rows', n);
  return Float32Array.from({ length: n }, () => stream.uniform());
}

export const tensorBenches: Bench[] = [
  {
    name: 'matmul 1024^3, float32',
    unit: 'ms',
    run: async (engine) => {
      await startEngine(engine);
      const [a, b] = [normal(1024, 1024), normal(1024, 1024)];
      const ms = await timed(9, () => readCorner(() => tf.matMul(a, b)));
      tf.dispose([a, b]);
      return ms;
    },
  },
  {
    name: 'MLP 784-128-128-10 Adam step, batch 64',
    unit: 'ms',
    run: async (engine) => {
      await startEngine(engine);
      return trainingStep(300, normal(64, 784), mlpShapes(128), mlp);
    },
  },
  {
    name: 'MLP 784-256-256-10 Adam step, batch 128',
    unit: 'ms',
    run: async (engine) => {
      await startEngine(engine);
      return trainingStep(150, normal(128, 784), mlpShapes(256), mlp);
    },
  },
  {
    name: 'CNN (32, 64; 256, 256) Adam step, batch 128, 28 x 28',
    unit: 'ms',
    run: async (engine) => {
      await startEngine(engine);
      return trainingStep(11, normal(128, 28, 28, 1), cnnShapes, cnn);
    },
  },
  {
    name: 'live tensors more after 10,000 Adam steps of an MLP',
    unit: 'tensors',
    run: async (engine) => {
      await startEngine(engine);
      const { step, dispose } = adamSteps(normal(16, 784), mlpShapes(32), mlp);
      await step();
      const before = tf.memory().numTensors;
      for (let i = 0; i < 10_000; i++) await step();
      const more = tf.memory().numTensors - before;
      dispose();
      return { value: more };
    },
  },
  {
    name: 'cosine top-10, 5000 x 5000 x 512',
    unit: 'ms',
    run: async (engine) => {
      await startEngine(engine);
      const x = normalValues(5000 * 512, 'queries');
      const reference = normalValues(5000 * 512, 'reference');
      return timed(3, async () => {
        await nearestRows(unitRows(x, 512), unitRows(reference, 512), 512, { k: 10 });
      });
    },
  },
  ...[
    { name: 'covariance 20000 x 1024, float64', columns: 1024 },
    { name: 'covariance 20000 x 1024, float64 here, float32 in PyTorch', columns: 1024 },
    { name: 'covariance 20000 x 4096, float64', columns: 4096 },
    { name: 'covariance 20000 x 4096, float64 here, float32 in PyTorch', columns: 4096 },
  ].map(({ name, columns }) => ({
    name,
    unit: 'ms',
    run: async (engine: string) => {
      await startEngine(engine);
      const x = uniform(20000 * columns);
      return timed(3, () => {
        const moments = new MomentAccumulator(columns);
        for (let start = 0; start < 20000; start += 1000)
          moments.update(x.subarray(start * columns, (start + 1000) * columns), 1000);
        moments.covariance();
      });
    },
  })),
  {
    name: 'Mahalanobis distances 10000 x 128, float64',
    unit: 'ms',
    run: async () => {
      const x = uniform(10000 * 128);
      const a = symmetric(128);
      return timed(5, () => quadraticForms(x, new Float64Array(128), a));
    },
  },
  ...[512, 1024].map((n) => ({
    name: `eigenpairs ${n} x ${n}, float64`,
    unit: 'ms',
    run: async () => {
      const a = symmetric(n);
      return timed(3, () => symmetricEigen(a, n));
    },
  })),
];

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const bench of tensorBenches)
    console.log(`${bench.name.padEnd(56)}${(await bench.run('auto')).value.toFixed(2)} ${bench.unit}`);
