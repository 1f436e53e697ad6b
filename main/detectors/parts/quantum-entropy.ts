import { identity, trace } from '../../tensor/linalg/products.ts';
import { symmetricEigenRows } from '../../tensor/linalg/symmetric-eigen.ts';
import { symmetricFunction } from '../../tensor/linalg/symmetric-function.ts';

/**
 * The form Q of the quantum entropy score `y^T Q y` of a whitened sample: `exp(alpha (S - I) / (|S| - 1))` over its trace,
 * for the covariance S `[k, k]` of whitened data, |S| its largest eigenvalue (Dong, Hopkins & Li 2019; Hayase et al.
 * 2021, equation 2). Samples whose covariance is the identity score 1 on average. The identity over k where no direction
 * has more variance than it should.
 */
export function quantumEntropyForm(s: Float64Array, k: number, alpha: number): Float64Array {
  const largest = symmetricEigenRows(s, k).values[k - 1]!;
  // Within rounding of 1 the quotient would blow rounding up to a direction.
  const excess = largest - 1;
  const exponential =
    excess > 1e-9 ? symmetricFunction(s, k, (value) => Math.exp((alpha * (value - 1)) / excess)) : identity(k);
  const total = trace(exponential, k);
  return exponential.map((value) => value / total);
}
