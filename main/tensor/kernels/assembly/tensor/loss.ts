const FLOAT: usize = 4;
const LN2_HIGH: f64 = 6.93147180369123816490e-1;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/** exp(x) for x <= 0 to full float32 precision: range reduction by ln 2, Taylor series of degree 9 in float64. */
// @ts-ignore: decorator
@inline
function expNegative(x: f64): f64 {
  // Below this the result is zero in float32, and the exponent built from its bits would wrap around.
  if (x < -104) return 0;
  const k = nearest<f64>(x * 1.4426950408889634);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let p: f64 = 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1;
  p = p * r + 1;
  return p * reinterpret<f64>((<i64>k + 1023) << 52);
}

/** ln(x) for normal x > 0: x = 2^k m with m in [1/sqrt 2, sqrt 2), then the series of artanh((m - 1) / (m + 1)). */
// @ts-ignore: decorator
@inline
function logPositive(x: f64): f64 {
  const bits = reinterpret<i64>(x) - 0x3fe6a09e667f3bcd;
  const k = bits >> 52;
  const m = reinterpret<f64>(reinterpret<i64>(x) - (k << 52));
  const s = (m - 1) / (m + 1);
  const q = s * s;
  let p: f64 = 1.0 / 19;
  p = p * q + 1.0 / 17;
  p = p * q + 1.0 / 15;
  p = p * q + 1.0 / 13;
  p = p * q + 1.0 / 11;
  p = p * q + 1.0 / 9;
  p = p * q + 1.0 / 7;
  p = p * q + 1.0 / 5;
  p = p * q + 1.0 / 3;
  p = p * q + 1;
  return <f64>k * LN2_HIGH + (2 * s * p + <f64>k * LN2_LOW);
}

/**
 * Mean softmax cross entropy of logits [n, c] with labels [n] into `loss` (one float), and its gradient
 * (softmax - one-hot) / n into `gradient` [n, c]. A label outside 0 to c - 1 makes both NaN. The label's own gradient is
 * minus the sum of the others: `p - 1` would round to zero, or to the wrong sign, for a sample with p near 1.
 */
export function softmaxCrossEntropy(n: i32, c: i32, logits: usize, labels: usize, gradient: usize, loss: usize): void {
  let total: f64 = 0;
  const scale = 1.0 / <f64>n;
  const row = <usize>c * FLOAT;
  for (let i = 0; i < n; i++) {
    const label = load<i32>(labels + <usize>i * 4);
    const isValid = label >= 0 && label < c;
    const x = logits + <usize>i * row;
    const g = gradient + <usize>i * row;
    let top = load<f32>(x);
    for (let j = FLOAT; j < row; j += FLOAT) top = max<f32>(top, load<f32>(x + j));
    let sum: f64 = 0;
    let others: f64 = 0;
    const own = isValid ? <usize>label * FLOAT : row;
    for (let j: usize = 0; j < row; j += FLOAT) {
      const e = expNegative(<f64>load<f32>(x + j) - <f64>top);
      store<f32>(g + j, <f32>e);
      sum += e;
      if (j != own) others += e;
    }
    const factor = isValid ? scale / sum : NaN;
    for (let j: usize = 0; j < row; j += FLOAT) store<f32>(g + j, <f32>(<f64>load<f32>(g + j) * factor));
    if (isValid) {
      store<f32>(g + own, <f32>(-others * factor));
      total += logPositive(sum) - (<f64>load<f32>(x + <usize>label * FLOAT) - <f64>top);
    } else {
      total = NaN;
    }
  }
  store<f32>(loss, <f32>(total * scale));
}
