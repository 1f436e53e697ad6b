import { describe, expect, it } from 'vitest';
import { matMulTransposed } from '../../main/tensor/linalg/mat-mul.ts';
import { expectClose, normal, product } from './reference.ts';

describe('matMulTransposed', () => {
  it('multiplies by hand', () => {
    const a = Float64Array.of(1, 2, 3, 4);
    const b = Float64Array.of(5, 6, 7, 8, 9, 10);
    expect([...matMulTransposed(a, b, 2)]).toEqual([17, 23, 29, 39, 53, 67]);
  });

  it.each([
    [1, 1, 1],
    [3, 7, 5],
    [64, 128, 64],
    [65, 10, 131],
    [130, 33, 67],
  ] as const)('agrees with plain float64 sums: %i x %i by %i', (m, k, n) => {
    const a = Float64Array.from(normal(m * k, 'a'));
    const b = Float64Array.from(normal(n * k, 'b'));
    expectClose(matMulTransposed(a, b, k), product([m, k, n], a, b, false, true), 1e-14);
  });

  it('keeps what float32 would lose', () => {
    const [cosine] = matMulTransposed(Float64Array.of(1, 1e-9), Float64Array.of(1, 1), 2);
    expect(cosine! - 1).toBeCloseTo(1e-9, 15);
  });

  it('takes no rows, and refuses parts of rows', () => {
    expect(matMulTransposed(new Float64Array(0), new Float64Array(6), 3)).toHaveLength(0);
    expect(() => matMulTransposed(new Float64Array(4), new Float64Array(6), 3)).toThrow(/rows of 3/);
  });
});
