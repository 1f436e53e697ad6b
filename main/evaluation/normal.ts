/**
 * The probability that a standard normal variable lies further from 0 than `z`, relative error below 1e-13. Power
 * series of the error function up to |z| = 3, the continued fraction of its complement beyond (Abramowitz & Stegun
 * 26.2.11 and 26.2.14).
 */
export function normalTwoSidedTail(z: number): number {
  const x = Math.abs(z);
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let k = 1; term > sum * 1e-17; k++) {
      term *= (x * x) / (2 * k + 1);
      sum += term;
    }
    return 1 - 2 * density * sum;
  }
  let fraction = 0;
  // At x = 3 the fraction has settled to double precision after some 60 terms.
  for (let k = 100; k >= 1; k--) fraction = k / (x + fraction);
  return (2 * density) / (x + fraction);
}
