import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../main/tensor/engine.ts';
import type { NodeBackend } from '../../main/tensor/engines/tensorflow/node-package.ts';
import { MomentAccumulator } from '../../main/tensor/linalg/moments.ts';
import { WasmComoment } from '../../main/tensor/linalg/wasm-comoment.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { expectClose, normal } from './reference.ts';

/** Two-pass mean and covariance, divisor n - 1. */
function reference(x: ArrayLike<number>, n: number, d: number): { mean: Float64Array; covariance: Float64Array } {
  const mean = new Float64Array(d);
  for (let i = 0; i < n * d; i++) mean[i % d]! += x[i]! / n;
  const covariance = new Float64Array(d * d);
  for (let row = 0; row < n; row++)
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++)
        covariance[i * d + j]! += ((x[row * d + i]! - mean[i]!) * (x[row * d + j]! - mean[j]!)) / (n - 1);
  return { mean, covariance };
}

function accumulate(x: Float32Array | Float64Array, d: number, batches: number[]): MomentAccumulator {
  const moments = new MomentAccumulator(d);
  let start = 0;
  for (const n of batches) {
    moments.update(x.subarray(start * d, (start + n) * d), n);
    start += n;
  }
  return moments;
}

describe('MomentAccumulator', () => {
  it('works out three points by hand', () => {
    const moments = accumulate(Float32Array.of(1, 2, 3, 6, 5, 4), 2, [3]);
    expect(moments.count).toBe(3);
    expect(moments.mean).toEqual(Float64Array.of(3, 4));
    expectClose(moments.covariance(), [4, 2, 2, 4], 1e-15);
  });

  it.each([
    [2, 1],
    [5, 3],
    [300, 4],
    [257, 13],
    [700, 37],
  ])('agrees with two passes over %i rows of %i', (n, d) => {
    const x = normal(n * d, 'rows').map((value, i) => value * (1 + (i % d)) + (i % d));
    const expected = reference(x, n, d);
    for (const rows of [x, Float64Array.from(x)]) {
      const moments = accumulate(rows, d, [n]);
      expectClose(moments.mean, expected.mean, 1e-13);
      expectClose(moments.covariance(), expected.covariance, 1e-13);
    }
  });

  it('gives the same numbers however the rows are batched', () => {
    const [n, d] = [600, 5];
    const x = normal(n * d, 'rows');
    const expected = reference(x, n, d);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 6 }), (sizes) => {
        let left = n;
        const batches = [...sizes.map((size) => Math.min(size, left - (left -= Math.min(size, left)))), left];
        const moments = accumulate(x, d, batches);
        expect(moments.count).toBe(n);
        expectClose(moments.covariance(), expected.covariance, 1e-13);
        expectClose(moments.mean, expected.mean, 1e-13);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps its precision where the mean is a million times the deviation', () => {
    const [n, d] = [1000, 3];
    const deviations = Float64Array.from(normal(n * d, 'deviations'));
    const moments = accumulate(deviations.map((value) => value + 1e6), d, new Array<number>(10).fill(100)); // prettier-ignore
    expectClose(moments.covariance(), reference(deviations, n, d).covariance, 1e-9);
  });

  it('passes NaN on to what it concerns', () => {
    const moments = accumulate(Float32Array.of(1, NaN, 2, 3, 3, 4), 2, [3]);
    expect(moments.mean[0]).toBe(2);
    expect(moments.mean[1]).toBeNaN();
    expectClose(moments.covariance(), [1, NaN, NaN, NaN]);
  });

  it('refuses what does not fit', () => {
    const moments = new MomentAccumulator(3);
    expect(() => moments.update(new Float32Array(5), 2)).toThrow(/2 rows of 3/);
    expect(() => moments.covariance()).toThrow(/2 or more rows, got 0/);
    expect(() => new MomentAccumulator(0)).toThrow(/got 0/);
  });
});

describe('numbers stored in 16 bits', () => {
  /** The bound of docs/numerics.md, of the root of both columns' variances. */
  const tolerance = 66 * 2 ** -24 + 2 ** -22;

  function checkHalf(x: Float32Array, d: number, batches: number[]): void {
    const n = x.length / d;
    const moments = new MomentAccumulator(d, true);
    let start = 0;
    for (const size of batches) {
      moments.update(x.subarray(start * d, (start + size) * d), size);
      start += size;
    }
    const expected = reference(x, n, d);
    expect(moments.count).toBe(n);
    expectClose(moments.mean, expected.mean, 1e-12);
    const found = moments.covariance();
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) {
        const scale = Math.sqrt(expected.covariance[i * d + i]! * expected.covariance[j * d + j]!);
        const off = Math.abs(found[i * d + j]! - expected.covariance[i * d + j]!);
        expect(off, `${i}, ${j} of ${n} x ${d}`).toBeLessThanOrEqual(tolerance * scale + 1e-30);
        expect(found[j * d + i]).toBe(found[i * d + j]);
      }
  }

  it('are summed up within the bound, of any shape and in any batches', () => {
    const shape = fc.record({ n: fc.integer({ min: 2, max: 400 }), d: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(shape, fc.double({ min: 0, max: 1, noNaN: true }), fc.integer(), ({ n, d }, share, seed) => {
        const x = normal(n * d, `half ${seed}`).map((value, i) => half(value * (1 + (i % 7)) + (i % d)));
        const first = Math.floor(share * n);
        checkHalf(x, d, [first, n - first]);
      }),
      { numRuns: 40 },
    );
  });

  it('may be the smallest and the largest of float16', () => {
    const values = [2 ** -24, -(2 ** -24), 65504, -65504, 0, 3 * 2 ** -24];
    checkHalf(
      Float32Array.from({ length: 130 * 13 }, (_, i) => values[(i * 5 + (i % 13)) % 6]!),
      13,
      [65, 65],
    );
    checkHalf(
      Float32Array.from({ length: 130 * 13 }, (_, i) => (i % 3) * 2 ** -24),
      13,
      [130],
    );
  });

  it('are summed up in float64 where products leave the range of float32', () => {
    for (const scale of [2 ** 100, 2 ** -100]) {
      const x = normal(80 * 14, 'range').map((value) => value * scale);
      const whole = accumulate(x, 14, [80]).covariance();
      const moments = new MomentAccumulator(14, true);
      moments.update(x, 80);
      expect(moments.covariance()).toEqual(whole);
    }
  });

  it.each([NaN, Infinity])('pass %d on as float64 does', (value) => {
    const x = normal(20 * 13, 'bad').map((found, i) => (i === 17 ? value : found));
    const moments = new MomentAccumulator(13, true);
    moments.update(x, 20);
    expect(moments.covariance()).toEqual(accumulate(x, 13, [20]).covariance());
  });
});

/** The nearest number of eleven significant bits. */
function half(value: number): number {
  const step = 2 ** (Math.floor(Math.log2(Math.max(Math.abs(value), 2 ** -14))) - 10);
  return Math.round(value / step) * step;
}

/** With so many columns an engine may work out covariances by itself. */
describe(`many columns, on ${engineUnderTest}`, () => {
  beforeAll(() => startEngine(engineUnderTest));

  it.each([
    [2, 512],
    [90, 513],
    [300, 800],
    [40, 2051],
  ])('agrees with two passes over %i rows of %i', (n, d) => {
    const x = normal(n * d, 'rows').map((value, i) => value * (1 + (i % 7)) + (i % d));
    const expected = reference(x, n, d);
    const third = Math.floor(n / 3);
    for (const rows of [x, Float64Array.from(x)])
      for (const batches of [[n], [third, 0, 1, n - third - 1]]) {
        const moments = accumulate(rows, d, batches);
        expect(moments.count).toBe(n);
        expectClose(moments.mean, expected.mean, 1e-13);
        expectClose(moments.covariance(), expected.covariance, 1e-12);
      }
  });

  it('takes more rows than gather before they are multiplied', () => {
    const [n, d] = [2200, 2051];
    const x = normal(n * d, 'rows');
    const kernels = new WasmComoment(d);
    kernels.update(x, n, { count: 0, mean: new Float64Array(d) });
    const expected = kernels.scaled(1 / (n - 1));
    for (const batches of [[n], [...new Array<number>(21).fill(100), 1, 99]])
      expectClose(accumulate(x, d, batches).covariance(), expected, 1e-12);
  });

  it('keeps its precision where the mean is a million times the deviation', () => {
    const [n, d] = [60, 2051];
    const deviations = Float64Array.from(normal(n * d, 'deviations'));
    const moments = accumulate(deviations.map((value) => value + 1e6), d, [20, 20, 20]); // prettier-ignore
    expectClose(moments.covariance(), reference(deviations, n, d).covariance, 1e-9);
  });

  it('is symmetric to the last bit, and passes NaN on to what it concerns', () => {
    const [n, d] = [40, 2050];
    const x = normal(n * d, 'rows');
    x[3] = NaN;
    const moments = accumulate(x, d, [25, 15]);
    const covariance = moments.covariance();
    const wrong = Array.from({ length: d * d }, (_, i) => i).filter((i) => {
      const [a, b] = [Math.floor(i / d), i % d];
      if (a === 3 || b === 3) return !Number.isNaN(covariance[i]);
      return !Object.is(covariance[i], covariance[b * d + a]) || Number.isNaN(covariance[i]);
    });
    expect(wrong).toEqual([]);
    expect(moments.mean.filter(Number.isNaN)).toHaveLength(1);
  });

  it.runIf(engineUnderTest === 'tensorflow')('leaves in TensorFlow what it sums up alone', () => {
    const { binding } = tf.backend() as unknown as NodeBackend;
    const before = binding.getNumOfTensors();
    const moments = new MomentAccumulator(2049);
    const x = normal(30 * 2049, 'rows');
    for (let round = 0; round < 3; round++) {
      moments.update(x, 30);
      moments.covariance();
    }
    // Of three blocks of columns three pairs, and three quarters of each with itself.
    expect(binding.getNumOfTensors() - before).toBe(12);
  });
});
