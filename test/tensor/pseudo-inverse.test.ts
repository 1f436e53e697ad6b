import { describe, expect, it } from 'vitest';
import { pseudoInverse } from '../../main/tensor/linalg/pseudo-inverse.ts';
import { expectClose, normal, product } from './reference.ts';

/** B B^T for a random B [n, rank]. */
function ofRank(n: number, rank: number): Float64Array {
  const b = normal(n * rank, 'factor', rank);
  return product([n, rank, n], b, b, false, true);
}

describe('pseudoInverse', () => {
  it('inverts a diagonal matrix by hand, without what is below the cut-off', () => {
    const a = Float64Array.of(4, 0, 0, 0, -2, 0, 0, 0, 1e-6);
    const { inverse, rank } = pseudoInverse(a, 3, 1e-5);
    expectClose(inverse, [0.25, 0, 0, 0, -0.5, 0, 0, 0, 0], 1e-15);
    expect(rank).toBe(2);
    expect(pseudoInverse(a, 3, 1e-7).rank).toBe(3);
    // At the cut-off exactly an eigenvalue is dropped, as in numpy.
    expect(pseudoInverse(Float64Array.of(1, 0, 0, 0.5), 2, 0.5).rank).toBe(1);
  });

  it.each([1, 2, 3, 6, 17])('is the inverse where there is one: %i', (n) => {
    const a = ofRank(n, n + 5);
    const { inverse, rank } = pseudoInverse(a, n, 1e-12);
    expect(rank).toBe(n);
    const identity = Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0));
    expectClose(product([n, n, n], a, inverse), identity, 1e-11);
  });

  it.each([
    [8, 3],
    [70, 20],
    [300, 290],
  ])('meets the four Penrose conditions: size %i, rank %i', (n, wanted) => {
    const a = ofRank(n, wanted);
    const { inverse, rank } = pseudoInverse(a, n, 1e-9);
    expect(rank).toBe(wanted);
    const [size, transposed] = [
      [n, n, n] as const,
      (x: Float64Array) => x.map((_, i) => x[(i % n) * n + Math.floor(i / n)]!),
    ];
    const [left, right] = [product(size, a, inverse), product(size, inverse, a)];
    expectClose(product(size, left, a), a, 1e-10);
    expectClose(product(size, right, inverse), inverse, 1e-10);
    expectClose(left, transposed(left), 1e-10);
    expectClose(right, transposed(right), 1e-10);
  });

  it('of zero is zero', () => {
    expect(pseudoInverse(new Float64Array(9), 3, 1e-5)).toEqual({ inverse: new Float64Array(9), rank: 0 });
  });

  it('refuses NaN', () => {
    expect(() => pseudoInverse(Float64Array.of(1, NaN, NaN, 1), 2, 0)).toThrow(
      expect.objectContaining({ code: 'non-finite' }),
    );
  });
});
