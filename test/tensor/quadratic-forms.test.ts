import { describe, expect, it } from 'vitest';
import { quadraticForms } from '../../main/tensor/linalg/quadratic-forms.ts';
import { expectClose, normal } from './reference.ts';

function reference(x: Float32Array, mean: Float64Array, a: Float64Array): Float64Array {
  const d = mean.length;
  return Float64Array.from({ length: x.length / d }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) sum += (x[row * d + i]! - mean[i]!) * a[i * d + j]! * (x[row * d + j]! - mean[j]!);
    return sum;
  });
}

describe('quadraticForms', () => {
  it('works out two points by hand', () => {
    const found = quadraticForms(Float32Array.of(1, 1, 3, 0), Float64Array.of(1, 0), Float64Array.of(2, 1, 1, 5));
    expectClose(found, [5, 8], 1e-15);
  });

  it.each([
    [1, 1],
    [3, 2],
    [64, 4],
    [65, 7],
    [130, 33],
  ])('agrees with the double sum for %i rows of %i, symmetric or not', (n, d) => {
    const x = normal(n * d, 'rows');
    const [mean, a] = [Float64Array.from(normal(d, 'mean')), Float64Array.from(normal(d * d, 'a'))];
    expectClose(quadraticForms(x, mean, a), reference(x, mean, a), 1e-13);
  });

  it('gives the same number for a row whatever the other rows are', () => {
    const [n, d] = [70, 9];
    const x = normal(n * d, 'rows');
    const [mean, a] = [new Float64Array(d), Float64Array.from(normal(d * d, 'a'))];
    const all = quadraticForms(x, mean, a);
    for (const row of [0, 5, 63, 69])
      expect(quadraticForms(x.subarray(row * d, (row + 1) * d), mean, a)[0]).toBe(all[row]);
  });

  it('gives NaN for a row with NaN, and for that row alone', () => {
    const found = quadraticForms(Float32Array.of(1, NaN, 2, 1, 0, 0), new Float64Array(2), Float64Array.of(1, 0, 0, 1));
    expectClose(found, [NaN, 5, 0]);
  });

  it('takes no rows', () => {
    expect(quadraticForms(new Float32Array(0), new Float64Array(3), new Float64Array(9))).toHaveLength(0);
  });

  it('refuses what does not fit', () => {
    expect(() => quadraticForms(new Float32Array(5), new Float64Array(2), new Float64Array(4))).toThrow(/rows of 2.*5/);
    expect(() => quadraticForms(new Float32Array(4), new Float64Array(2), new Float64Array(9))).toThrow(/2 x 2/);
    expect(() => quadraticForms(new Float32Array(4), new Float64Array(2), new Float64Array(4).fill(NaN))).toThrow(
      expect.objectContaining({ code: 'non-finite' }),
    );
  });
});
