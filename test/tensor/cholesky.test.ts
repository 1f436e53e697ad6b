import { describe, expect, it } from 'vitest';
import { cholesky } from '../../main/tensor/linalg/cholesky.ts';
import { expectClose, normal, product } from './reference.ts';

/** B B^T / n + I for a random B. */
function positiveDefinite(n: number): Float64Array {
  const b = normal(n * n, 'factor');
  return product([n, n, n], b, b, false, true).map((value, i) => value / n + Number(i % (n + 1) === 0));
}

describe('cholesky', () => {
  it('factors 3 x 3 by hand', () => {
    const a = Float64Array.of(4, 12, -16, 12, 37, -43, -16, -43, 98);
    expectClose(cholesky(a, 3), [2, 0, 0, 6, 1, 0, -8, 5, 3], 1e-14);
  });

  it.each([1, 2, 4, 5, 8, 31, 150])('multiplies back: %i', (n) => {
    const a = positiveDefinite(n);
    const factor = cholesky(a, n);
    expectClose(product([n, n, n], factor, factor, false, true), a, 1e-14);
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) expect(factor[i * n + j]).toBe(0);
  });

  it('names the first pivot that is not positive', () => {
    const a = positiveDefinite(9);
    a[6 * 9 + 6] = -1;
    expect(() => cholesky(a, 9)).toThrow(
      expect.objectContaining({ code: 'bad-data', message: expect.stringContaining('pivot 6') as string }),
    );
    expect(() => cholesky(new Float64Array(4), 2)).toThrow(/pivot 0/);
  });

  it('refuses NaN', () => {
    expect(() => cholesky(Float64Array.of(NaN), 1)).toThrow(expect.objectContaining({ code: 'non-finite' }));
  });
});
