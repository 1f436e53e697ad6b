import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MomentAccumulator } from '../../main/tensor/linalg/moments.ts';
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

  it('gives the same numbers however the rows are batched or merged', () => {
    const [n, d] = [600, 5];
    const x = normal(n * d, 'rows');
    const expected = reference(x, n, d);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 6 }), fc.nat(n), (sizes, cut) => {
        let left = n;
        const batches = [...sizes.map((size) => Math.min(size, left - (left -= Math.min(size, left)))), left];
        const moments = accumulate(x, d, batches);
        expect(moments.count).toBe(n);
        expectClose(moments.covariance(), expected.covariance, 1e-13);
        const merged = accumulate(x.subarray(0, cut * d), d, [cut]);
        merged.merge(accumulate(x.subarray(cut * d), d, [n - cut]));
        expect(merged.count).toBe(n);
        expectClose(merged.mean, expected.mean, 1e-13);
        expectClose(merged.covariance(), expected.covariance, 1e-13);
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

  it('is not changed by another that took it in', () => {
    const x = normal(40, 'rows');
    const [a, b] = [accumulate(x, 4, [5]), accumulate(x, 4, [5])];
    const before = b.covariance();
    a.merge(b);
    expect(a.count).toBe(10);
    expect(b.covariance()).toEqual(before);
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
    expect(() => moments.merge(new MomentAccumulator(4))).toThrow(/3.*4/);
    expect(() => moments.covariance()).toThrow(/2 or more rows, got 0/);
    expect(() => new MomentAccumulator(0)).toThrow(/got 0/);
  });
});
