import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { RandomStream } from '../../main/tensor/random.ts';

/** Float32 values from the standard normal distribution, the same for the same names. */
export function normal(n: number, ...names: (string | number)[]): Float32Array {
  const stream = RandomStream.from(0, 'test', ...names);
  return Float32Array.from({ length: n }, () => stream.normal());
}

/** As `tf.tidy`, for an action that waits for values; one at a time. */
export async function scoped(action: () => Promise<void>): Promise<void> {
  tf.engine().startScope();
  try {
    await action();
  } finally {
    tf.engine().endScope();
  }
}

/** {@link expectClose} for what an engine holds. */
export async function expectTensor(found: tf.Tensor, expected: ArrayLike<number>, tolerance?: number): Promise<void> {
  expectClose(await found.data(), expected, tolerance);
}

/** Compares relative to the largest expected magnitude (at least 1); NaN matches NaN alone. */
export function expectClose(data: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(data.length).toBe(expected.length);
  let scale = 1;
  for (let i = 0; i < expected.length; i++) if (Math.abs(expected[i]!) > scale) scale = Math.abs(expected[i]!);
  for (let i = 0; i < expected.length; i++) {
    const isClose =
      Math.abs(data[i]! - expected[i]!) <= tolerance * scale || (Number.isNaN(data[i]) && Number.isNaN(expected[i]));
    if (!isClose) expect.fail(`element ${i} is ${data[i]}, expected ${expected[i]}`);
  }
}

/** op(a) [m, k] op(b) [k, n] in float64. */
export function product(
  [m, k, n]: readonly [number, number, number],
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  transposeA = false,
  transposeB = false,
): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let p = 0; p < k; p++) {
      const value = a[transposeA ? p * m + i : i * k + p]!;
      for (let j = 0; j < n; j++) out[i * n + j]! += value * b[transposeB ? j * k + p : p * n + j]!;
    }
  return out;
}

/** Images [n, h, w, c] under a window of [kh, kw] that moves by [sy, sx] over zero padding (top, left, bottom, right). */
export interface Windows {
  n: number;
  h: number;
  w: number;
  c: number;
  kernel: readonly [number, number];
  strides: readonly [number, number];
  pad: readonly [number, number, number, number];
}

export function outputSize({ h, w, kernel, strides, pad: [top, left, bottom, right] }: Windows): [number, number] {
  return [
    Math.floor((h + top + bottom - kernel[0]) / strides[0]) + 1,
    Math.floor((w + left + right - kernel[1]) / strides[1]) + 1,
  ];
}

/** Calls `visit` for each output position and each tap in its window that lies inside the image. */
function eachTap(windows: Windows, visit: (outPixel: number, inPixel: number, tap: number) => void): void {
  const { n, h, w, kernel, strides, pad } = windows;
  const [oh, ow] = outputSize(windows);
  for (let image = 0; image < n; image++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++)
        for (let ky = 0; ky < kernel[0]; ky++)
          for (let kx = 0; kx < kernel[1]; kx++) {
            const y = oy * strides[0] + ky - pad[0];
            const x = ox * strides[1] + kx - pad[1];
            if (y < 0 || y >= h || x < 0 || x >= w) continue;
            visit((image * oh + oy) * ow + ox, (image * h + y) * w + x, ky * kernel[1] + kx);
          }
}

/** Convolution to d channels with both gradients, in float64. */
export function convolutionReference(
  windows: Windows,
  d: number,
  x: Float32Array,
  filter: Float32Array,
  dy: Float32Array,
): { y: Float64Array; dx: Float64Array; dFilter: Float64Array } {
  const { c } = windows;
  const [y, dx, dFilter] = [dy, x, filter].map(({ length }) => new Float64Array(length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  eachTap(windows, (outPixel, inPixel, tap) => {
    for (let i = 0; i < c; i++)
      for (let j = 0; j < d; j++) {
        const weight = (tap * c + i) * d + j;
        y[outPixel * d + j]! += x[inPixel * c + i]! * filter[weight]!;
        dx[inPixel * c + i]! += dy[outPixel * d + j]! * filter[weight]!;
        dFilter[weight]! += dy[outPixel * d + j]! * x[inPixel * c + i]!;
      }
  });
  return { y, dx, dFilter };
}

/** Max pooling and its gradient, which goes to the first maximum of each window. */
export function maxPoolReference(
  windows: Windows,
  x: Float32Array,
  dy: Float32Array,
): { y: Float64Array; dx: Float64Array } {
  const { c } = windows;
  const y = new Float64Array(dy.length).fill(-Infinity);
  const winner = new Int32Array(dy.length);
  eachTap(windows, (outPixel, inPixel) => {
    for (let i = 0; i < c; i++)
      if (x[inPixel * c + i]! > y[outPixel * c + i]!) {
        y[outPixel * c + i] = x[inPixel * c + i]!;
        winner[outPixel * c + i] = inPixel * c + i;
      }
  });
  const dx = new Float64Array(x.length);
  winner.forEach((at, i) => (dx[at]! += dy[i]!));
  return { y, dx };
}
