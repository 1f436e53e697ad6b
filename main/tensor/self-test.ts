import * as tf from '@tensorflow/tfjs-core';
import { RandomStream } from './random.ts';
import { adamStep } from './optimizers.ts';

/** Relative to the largest value: float32 sums of the lengths that occur here stay well below, a wrong term does not. */
const TOLERANCE = 1e-4;

/** n random float32 values, about -2 to 2. */
function values(stream: RandomStream, n: number): Float32Array {
  return Float32Array.from({ length: n }, () => stream.normal());
}

function check(name: string, found: tf.Tensor, expected: ArrayLike<number>): void {
  const data = found.dataSync();
  let scale = 1;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  for (let i = 0; i < Math.max(expected.length, data.length); i++)
    // Written so that NaN fails too.
    if (!(Math.abs(data[i]! - expected[i]!) <= TOLERANCE * scale))
      throw new Error(`Self-test of ${name} failed: element ${i} is ${data[i]}, expected ${expected[i]}.`);
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

function checkMatMul(stream: RandomStream): void {
  const size = [13, 37, 21] as const;
  const [m, k, n] = size;
  const a = values(stream, m * k);
  const b = values(stream, k * n);
  for (const transposeA of [false, true])
    for (const transposeB of [false, true]) {
      const left = tf.tensor2d(a, transposeA ? [k, m] : [m, k]);
      const right = tf.tensor2d(b, transposeB ? [n, k] : [k, n]);
      const found = tf.matMul(left, right, transposeA, transposeB);
      const name = `matMul ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
      check(name, found, product(size, a, transposeA, b, transposeB));
    }
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

function checkConvolution(stream: RandomStream): void {
  const size = [2, 7, 5, 3, 6] as const;
  const [n, h, w, c, d] = size;
  const x = values(stream, n * h * w * c);
  const filter = values(stream, 9 * c * d);
  const dy = values(stream, n * h * w * d);
  const expected = convolution(size, x, filter, dy);
  const operation = (image: tf.Tensor4D, weights: tf.Tensor4D) => tf.conv2d(image, weights, 1, 'same');
  const inputs: [tf.Tensor4D, tf.Tensor4D] = [tf.tensor4d(x, [n, h, w, c]), tf.tensor4d(filter, [3, 3, c, d])];
  check('conv2d', operation(...inputs), expected.y);
  const [dx, dFilter] = tf.grads(operation as (...args: tf.Tensor[]) => tf.Tensor)(
    inputs,
    tf.tensor4d(dy, [n, h, w, d]),
  );
  check('conv2d, gradient of its input', dx!, expected.dx);
  check('conv2d, gradient of its filter', dFilter!, expected.dFilter);
}

/** The gradient must reach each window's maximum, also where all of the window is negative. */
function checkMaxPool(): void {
  const x = tf.tensor4d([-4, -3, -2, -1, -5, -6, -8, -7], [1, 2, 4, 1]);
  const pool = (image: tf.Tensor) => tf.maxPool(image as tf.Tensor4D, 2, 2, 'valid');
  check('maxPool', pool(x), [-3, -1]);
  check('maxPool, gradient', tf.grad(pool)(x, tf.tensor4d([10, 20], [1, 1, 2, 1])), [0, 10, 0, 20, 0, 0, 0, 0]);
}

function checkAdam(stream: RandomStream): void {
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
    check('adam', variable, p);
  } finally {
    for (const state of [variable, m, v]) state.dispose();
  }
}

/**
 * Compares a few kernels and gradients of the engine in use with float64 arithmetic: backends have shipped wrong ones
 * (the max-pool gradient where a window's maximum is negative, transposed products). Throws at the first that differs.
 */
export function selfTest(): void {
  const stream = RandomStream.from(0, 'self-test');
  tf.tidy(() => {
    checkMatMul(stream);
    checkConvolution(stream);
    checkMaxPool();
    checkAdam(stream);
  });
}
