/** Coefficients of Lanczos' approximation with g = 7 and nine terms (Press et al. 2007, 6.1), relative error below 1e-14. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** The natural logarithm of the gamma function, for x of at least 0.5. */
function logGamma(x: number): number {
  const t = x + 6.5;
  let sum = lanczos[0]!;
  for (let k = 1; k < lanczos.length; k++) sum += lanczos[k]! / (x - 1 + k);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** The continued fraction of the incomplete beta function by Lentz's method (Press et al. 2007, 6.4). */
function fractionOf(x: number, a: number, b: number): number {
  const least = 1e-300;
  const away = (value: number) => (Math.abs(value) < least ? least : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let product = d;
  // It settles after some sqrt(max(a, b)) terms.
  for (let k = 1; k < 100_000; k++) {
    const even = (k * (b - k) * x) / ((a + 2 * k - 1) * (a + 2 * k));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    product *= d * c;
    const odd = (-(a + k) * (a + b + k) * x) / ((a + 2 * k) * (a + 2 * k + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    product *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return product;
}

/**
 * The regularised incomplete beta function: the probability that a beta variable with parameters a and b, of at least 0.5
 * each, is at most `x`, of 0 to 1.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? (front * fractionOf(x, a, b)) / a : 1 - (front * fractionOf(1 - x, b, a)) / b;
}

/** Where the increasing function `rises` reaches `level` between `low` and `high`, to `precision`. */
export function crossing(
  rises: (x: number) => number,
  level: number,
  [low, high]: readonly [number, number],
  precision: number,
): number {
  while (high - low > precision) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (rises(middle) < level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The value that Student's t with `freedom` degrees of freedom, 1 or more, exceeds in absolute value with probability
 * 0.05: the half-width of a 95 % interval in standard errors. 12.7 for 1, 1.96 in the limit.
 */
export function student95(freedom: number): number {
  // P(|t| <= x) is the incomplete beta function at x^2 / (x^2 + freedom).
  const share = crossing((x) => incompleteBeta(x, 0.5, freedom / 2), 0.95, [0, 1], 1e-16);
  return Math.sqrt((freedom * share) / (1 - share));
}

/**
 * The probability that Student's t with `freedom` degrees of freedom, 1 or more and not necessarily whole, lies further
 * from 0 than `t`.
 */
export function studentTwoSidedTail(t: number, freedom: number): number {
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}
