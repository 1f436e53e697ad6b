import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identity, projectRows, times, timesVector, trace } from '../../main/tensor/linalg/products.ts';
import { pseudoInverse } from '../../main/tensor/linalg/pseudo-inverse.ts';
import { symmetricEigen } from '../../main/tensor/linalg/symmetric-eigen.ts';
import { symmetricFunction } from '../../main/tensor/linalg/symmetric-function.ts';
import { weightedGram } from '../../main/tensor/linalg/weighted-gram.ts';

const expectClose = (actual: Float64Array, expected: ArrayLike<number>, digits = 12) => {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, digits));
};

describe('symmetricFunction', () => {
  it('is the matrix exponential for exp, not the exponential of each element', () => {
    const [c, s] = [Math.cosh(1), Math.sinh(1)];
    expectClose(symmetricFunction(Float64Array.of(0, 1, 1, 0), 2, Math.exp), [c, s, s, c]);
  });

  it('gives the matrix back for the identity function, and its product with itself for squares', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 49, maxLength: 49 }),
        (n, values) => {
          const a = Float64Array.from(
            { length: n * n },
            (_, at) => values[Math.max(Math.floor(at / n), at % n) * 7 + Math.min(Math.floor(at / n), at % n)]!,
          );
          expectClose(
            symmetricFunction(a, n, (value) => value),
            a,
            10,
          );
          expectClose(
            symmetricFunction(a, n, (value) => value * value),
            times(a, a, n),
            9,
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('hands eigenvalues over in ascending order', () => {
    const seen: number[] = [];
    symmetricFunction(Float64Array.of(5, 0, 0, 0, -2, 0, 0, 0, 1), 3, (value) => (seen.push(value), value));
    expectClose(Float64Array.from(seen), [-2, 1, 5]);
  });

  it('refuses what is not finite, before or after', () => {
    expect(() => symmetricFunction(Float64Array.of(NaN), 1, Math.exp)).toThrow(/finite/);
    expect(() => symmetricFunction(Float64Array.of(0), 1, (value) => 1 / value)).toThrow(/finite/);
  });
});

describe('symmetricEigen', () => {
  it('converges where elements are so small that their squares vanish', () => {
    const a = new Float64Array(49);
    const set = (i: number, j: number, value: number) => (a[i * 7 + j] = a[j * 7 + i] = value);
    set(5, 5, 3.574124183102598e-5);
    set(6, 3, 7.429736631918756e-302);
    set(6, 4, 4.7965325460895654e-167);
    const { values } = symmetricEigen(a, 7);
    expectClose(values, [0, 0, 0, 0, 0, 0, 3.574124183102598e-5], 18);
  });
});

describe('weightedGram', () => {
  it('sums weighted outer products about the mean, in float32 and float64 and over block borders', () => {
    const [n, d] = [300, 3];
    const x = Float32Array.from({ length: n * d }, (_, i) => Math.sin(i * i));
    const weights = Float64Array.from({ length: n }, (_, i) => Math.cos(i));
    const mean = Float64Array.of(0.5, -1, 2);
    const expected = new Float64Array(d * d);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < d; j++)
        for (let k = 0; k < d; k++)
          expected[j * d + k]! += weights[i]! * (x[i * d + j]! - mean[j]!) * (x[i * d + k]! - mean[k]!);
    expectClose(weightedGram(x, d, weights, mean), expected, 10);
    expectClose(weightedGram(Float64Array.from(x), d, weights, mean), expected, 10);
  });

  it('is zero for no rows, and refuses weights that are not finite or too few rows', () => {
    expectClose(weightedGram(new Float32Array(0), 2, new Float64Array(0)), [0, 0, 0, 0]);
    expect(() => weightedGram(new Float32Array(2), 2, Float64Array.of(Infinity))).toThrow(/finite/);
    expect(() => weightedGram(new Float32Array(3), 2, Float64Array.of(1))).toThrow(/rows/);
  });
});

describe('pseudoInverse', () => {
  it('inverts what it keeps and drops what is below the cut-off', () => {
    const { inverse, rank } = pseudoInverse(Float64Array.of(4, 0, 0, 1e-9), 2, 1e-6);
    expectClose(inverse, [0.25, 0, 0, 0]);
    expect(rank).toBe(1);
  });
});

describe('products', () => {
  const a = Float64Array.of(1, 2, 3, 4, 5, 6);
  it('multiplies', () => {
    expect([...timesVector(a, Float64Array.of(1, 0, -1))]).toEqual([-2, -2]);
    expect([...times(a, Float64Array.of(1, 0, 0, 1, 1, 1), 3)]).toEqual([4, 5, 10, 11]);
    expect(trace(Float64Array.of(1, 9, 9, 4), 2)).toBe(5);
    expect([...identity(2)]).toEqual([1, 0, 0, 1]);
  });

  it('projects rows onto any number of axes', () => {
    const axes = Float64Array.from({ length: 6 * 2 }, (_, i) => i);
    const projected = projectRows(Float32Array.of(3, 5, 1, 1), Float64Array.of(1, 1), axes);
    expect([...projected]).toEqual([4, 16, 28, 40, 52, 64, 0, 0, 0, 0, 0, 0]);
  });
});
