import type { RandomStream } from '../../tensor/random.ts';

/** Pivots below this share of a variance are what rounding leaves of 0. */
const negligible = 1e-10;

/** The lower factor of a covariance `[n, n]`, whose rows may depend on one another (Cholesky; Higham 2002, 10.3). */
function factorOf(covariance: readonly Float64Array[]): Float64Array[] {
  const factor = covariance.map((row) => new Float64Array(row.length));
  for (let j = 0; j < factor.length; j++) {
    for (let i = j; i < factor.length; i++) {
      let rest = covariance[i]![j]!;
      for (let k = 0; k < j; k++) rest -= factor[i]![k]! * factor[j]![k]!;
      if (i === j) factor[i]![j] = rest > negligible * covariance[i]![i]! ? Math.sqrt(rest) : 0;
      else factor[i]![j] = factor[j]![j]! > 0 ? rest / factor[j]![j]! : 0;
    }
  }
  return factor;
}

/**
 * Returns a function that draws from the normal distribution with mean 0 and this covariance, `[n, n]`; what it returns
 * is `[n]`.
 */
export function jointNormal(covariance: readonly Float64Array[]): (stream: RandomStream) => Float64Array {
  const factor = factorOf(covariance);
  return (stream) => {
    const independent = factor.map(() => stream.normal());
    return Float64Array.from(factor, (row) => independent.reduce((sum, value, k) => sum + row[k]! * value, 0));
  };
}
