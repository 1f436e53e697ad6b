import * as tf from '@tensorflow/tfjs-core';
import { softmaxCrossEntropy } from './loss.ts';
import { adamStep } from './optimizers.ts';
import { RandomStream } from './random.ts';

/** Relative to the largest value: float32 sums of the lengths that occur here stay well below, a wrong term does not. */
const TOLERANCE = 1e-4;

/** Thrown where an engine computes, but not what it should. */
export class WrongNumbers extends Error {
  override readonly name = 'WrongNumbers';
}

/** Something that was computed on the engine, and what it should be, by float64 arithmetic. */
interface Check {
  name: string;
  found: tf.Tensor;
  expected: ArrayLike<number>;
}

/** n random float32 values, about -2 to 2. */
function values(stream: RandomStream, n: number): Float32Array {
  return Float32Array.from({ length: n }, () => stream.normal());
}

async function verify({ name, found, expected }: Check): Promise<void> {
  const data = await found.data();
  let scale = 1;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  for (let i = 0; i < Math.max(expected.length, data.length); i++)
    // Written so that NaN fails too.
    if (!(Math.abs(data[i]! - expected[i]!) <= TOLERANCE * scale))
      throw new WrongNumbers(`Self-test of ${name} failed: element ${i} is ${data[i]}, expected ${expected[i]}.`);
}

/** op(a) [m, k] op(b) [k, n] in float64. */
function product(
  [m, k, n]: readonly [number, number, number],
  a: Float32Array,
  transposeA: boolean,
  b: Float32Array,
  transposeB: boolean,
): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++)
      for (let p = 0; p < k; p++)
        out[i * n + j]! += a[transposeA ? p * m + i : i * k + p]! * b[transposeB ? j * k + p : p * n + j]!;
  return out;
}

function matMuls(stream: RandomStream): Check[] {
  const size = [13, 37, 21] as const;
  const [m, k, n] = size;
  const a = values(stream, m * k);
  const b = values(stream, k * n);
  return [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => {
      const left = tf.tensor2d(a, transposeA ? [k, m] : [m, k]);
      const right = tf.tensor2d(b, transposeB ? [n, k] : [k, n]);
      return {
        name: `matMul ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`,
        found: tf.matMul(left, right, transposeA, transposeB),
        expected: product(size, a, transposeA, b, transposeB),
      };
    }),
  );
}

/** A 3x3 "same" convolution of [n, h, w, c] to d channels with both gradients, in float64. */
function convolution(
  [n, h, w, c, d]: readonly [number, number, number, number, number],
  x: Float32Array,
  filter: Float32Array,
  dy: Float32Array,
): { y: Float64Array; dx: Float64Array; dFilter: Float64Array } {
  const y = new Float64Array(n * h * w * d);
  const dx = new Float64Array(x.length);
  const dFilter = new Float64Array(filter.length);
  for (let out = 0; out < y.length; out++) {
    const channel = out % d;
    const column = Math.floor(out / d) % w;
    const row = Math.floor(out / (d * w)) % h;
    const image = Math.floor(out / (d * w * h));
    for (let tap = 0; tap < 9 * c; tap++) {
      const i = row + Math.floor(tap / (3 * c)) - 1;
      const j = column + (Math.floor(tap / c) % 3) - 1;
      if (i < 0 || i >= h || j < 0 || j >= w) continue;
      const at = ((image * h + i) * w + j) * c + (tap % c);
      y[out]! += x[at]! * filter[tap * d + channel]!;
      dx[at]! += dy[out]! * filter[tap * d + channel]!;
      dFilter[tap * d + channel]! += dy[out]! * x[at]!;
    }
  }
  return { y, dx, dFilter };
}

function convolutions(stream: RandomStream): Check[] {
  const size = [2, 7, 5, 3, 6] as const;
  const [n, h, w, c, d] = size;
  const x = values(stream, n * h * w * c);
  const filter = values(stream, 9 * c * d);
  const dy = values(stream, n * h * w * d);
  const expected = convolution(size, x, filter, dy);
  const operation = (image: tf.Tensor4D, weights: tf.Tensor4D) => tf.conv2d(image, weights, 1, 'same');
  const inputs: [tf.Tensor4D, tf.Tensor4D] = [tf.tensor4d(x, [n, h, w, c]), tf.tensor4d(filter, [3, 3, c, d])];
  const [dx, dFilter] = tf.grads(operation as (...args: tf.Tensor[]) => tf.Tensor)(
    inputs,
    tf.tensor4d(dy, [n, h, w, d]),
  );
  return [
    { name: 'conv2d', found: operation(...inputs), expected: expected.y },
    { name: 'conv2d, gradient of its input', found: dx!, expected: expected.dx },
    { name: 'conv2d, gradient of its filter', found: dFilter!, expected: expected.dFilter },
  ];
}

/** The gradient must reach each window's maximum, also where all of the window is negative. */
function maxPools(): Check[] {
  const x = tf.tensor4d([-4, -3, -2, -1, -5, -6, -8, -7], [1, 2, 4, 1]);
  const pool = (image: tf.Tensor) => tf.maxPool(image as tf.Tensor4D, 2, 2, 'valid');
  const gradient = tf.grad(pool)(x, tf.tensor4d([10, 20], [1, 1, 2, 1]));
  return [
    { name: 'maxPool', found: pool(x), expected: [-3, -1] },
    { name: 'maxPool, gradient', found: gradient, expected: [0, 10, 0, 20, 0, 0, 0, 0] },
  ];
}

/** Loss and gradient, (softmax - one-hot) / n, of logits far enough apart that exp overflows unless it is shifted. */
function losses(stream: RandomStream): Check[] {
  const [n, c] = [5, 7];
  const logits = values(stream, n * c).map((value) => 40 * value);
  const labels = Int32Array.from({ length: n }, (_, i) => (3 * i) % c);
  const gradient = new Float64Array(n * c);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const row = Array.from(logits.subarray(i * c, (i + 1) * c));
    const largest = Math.max(...row);
    const total = row.reduce((all, value) => all + Math.exp(value - largest), 0);
    sum += Math.log(total) + largest - row[labels[i]!]!;
    row.forEach((value, j) => {
      gradient[i * c + j] = (Math.exp(value - largest) / total - (j === labels[i] ? 1 : 0)) / n;
    });
  }
  const { value, grad } = tf.valueAndGrad((x) => softmaxCrossEntropy(x as tf.Tensor2D, tf.tensor1d(labels, 'int32')))(
    tf.tensor2d(logits, [n, c]),
  );
  return [
    { name: 'softmax cross-entropy', found: value, expected: [sum / n] },
    { name: 'softmax cross-entropy, gradient', found: grad, expected: gradient },
  ];
}

function adam(stream: RandomStream): Check[] {
  const n = 7;
  const start = values(stream, n);
  const [variable, m, v] = [start, new Float32Array(n), new Float32Array(n)].map((data) =>
    tf.variable(tf.tensor1d(data)),
  ) as [tf.Variable, tf.Variable, tf.Variable];
  try {
    const [p, p1, p2] = [Float64Array.from(start), new Float64Array(n), new Float64Array(n)];
    for (let step = 1; step <= 3; step++) {
      const g = values(stream, n);
      adamStep(variable, tf.tensor1d(g), m, v, { learningRate: 0.1, step });
      for (let i = 0; i < n; i++) {
        p1[i] = 0.9 * p1[i]! + 0.1 * g[i]!;
        p2[i] = 0.999 * p2[i]! + 0.001 * g[i]! ** 2;
        p[i]! -= (0.1 * (p1[i]! / (1 - 0.9 ** step))) / (Math.sqrt(p2[i]! / (1 - 0.999 ** step)) + 1e-8);
      }
    }
    return [{ name: 'adam', found: tf.clone(variable), expected: p }];
  } finally {
    for (const state of [variable, m, v]) state.dispose();
  }
}

/**
 * Compares a few kernels and gradients of the engine in use with float64 arithmetic: backends have shipped wrong ones
 * (the max-pool gradient where a window's maximum is negative, transposed products).
 * @throws WrongNumbers at the first that differs; what the engine throws where it does not compute at all.
 */
export async function selfTest(): Promise<void> {
  const stream = RandomStream.from(0, 'self-test');
  const checks: Check[] = [];
  tf.tidy(() => {
    // All is asked of the engine before the first answer is waited for: a GPU compiles and computes meanwhile.
    for (const part of [matMuls, convolutions, maxPools, losses, adam]) checks.push(...part(stream));
    return checks.map(({ found }) => found);
  });
  try {
    for (const check of checks) await verify(check);
  } finally {
    tf.dispose(checks.map(({ found }) => found));
  }
}
