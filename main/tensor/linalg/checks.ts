import { CupbearerError } from '../../../shared/errors.ts';

/** Returns the largest magnitude in `a`. Throws if it is not an [n, n] matrix of finite numbers. */
export function checkMatrix(name: string, a: Float64Array, n: number): number {
  if (!Number.isInteger(n) || n < 0 || a.length !== n * n)
    throw new Error(`${name} takes a matrix of ${n} x ${n} = ${n * n} elements, got ${a.length}.`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const magnitude = Math.abs(a[i]!);
    if (!(magnitude <= Number.MAX_VALUE))
      throw new CupbearerError(
        'non-finite',
        `${name} takes finite numbers, found ${a[i]} in row ${Math.floor(i / n)}, column ${i % n}.`,
      );
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}
