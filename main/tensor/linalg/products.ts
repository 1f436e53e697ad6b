/** A v for a matrix `[n, m]`, row-major, and v `[m]`: `[n]`. */
export function timesVector(a: Float64Array, v: Float64Array): Float64Array {
  const m = v.length;
  return Float64Array.from({ length: m === 0 ? 0 : a.length / m }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < m; j++) sum += a[i * m + j]! * v[j]!;
    return sum;
  });
}

/**
 * Coordinates of rows `[n, d]` along axes: `(x_i - mean) . axis_j` for `axes` `[k, d]` in rows, float64 `[n, k]`.
 */
export function projectRows(x: Float32Array | Float64Array, mean: Float64Array, axes: Float64Array): Float64Array {
  const d = mean.length;
  const k = axes.length / d;
  const n = x.length / d;
  const out = new Float64Array(n * k);
  const centred = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < d; c++) centred[c] = x[i * d + c]! - mean[c]!;
    for (let j = 0; j < k; j++) {
      let sum = 0;
      for (let c = 0, at = j * d; c < d; c++, at++) sum += centred[c]! * axes[at]!;
      out[i * k + j] = sum;
    }
  }
  return out;
}

export function trace(a: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[i * n + i]!;
  return sum;
}

/** The identity `[n, n]`. */
export function identity(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}
