import { describe, expect, it } from 'vitest';
import { symmetricFunction } from '../../main/tensor/linalg/symmetric-function.ts';
import { expectClose, normal, product } from './reference.ts';

/** The matrix exponential by scaling, its Taylor series and squaring: no eigenvalues involved. */
function exponential(a: Float64Array, n: number): Float64Array {
  const squarings = 12;
  const scaled = a.map((value) => value / 2 ** squarings);
  let term: Float64Array = Float64Array.from(a, (_, i) => Number(i % (n + 1) === 0));
  let sum: Float64Array = term.slice();
  for (let k = 1; k < 20; k++) {
    term = product([n, n, n], term, scaled).map((value) => value / k);
    sum = sum.map((value, i) => value + term[i]!);
  }
  for (let i = 0; i < squarings; i++) sum = product([n, n, n], sum, sum);
  return sum;
}

describe('symmetricFunction', () => {
  it('gives the matrix exponential, not that of the elements', () => {
    // exp([[0, 1], [1, 0]]) = [[cosh 1, sinh 1], [sinh 1, cosh 1]]
    const found = symmetricFunction(Float64Array.of(0, 1, 1, 0), 2, Math.exp);
    expectClose(found, [Math.cosh(1), Math.sinh(1), Math.sinh(1), Math.cosh(1)], 1e-15);
  });

  it.each([1, 5, 40])('agrees with the Taylor series: %i', (n) => {
    const half = normal(n * n, 'half');
    const a = product([n, n, n], half, half, false, true).map((value) => value / n);
    const expected = exponential(a, n);
    expectClose(symmetricFunction(a, n, Math.exp), expected, 1e-10);
  });

  it('refuses a function that is not finite', () => {
    expect(() => symmetricFunction(new Float64Array(4), 2, (x) => 1 / x)).toThrow(
      expect.objectContaining({ code: 'non-finite' }),
    );
  });
});
