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
    let j = 0;
    // Four sums at a time: one alone waits for each addition to end.
    for (; j + 4 <= k; j += 4) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let c = 0, at = j * d; c < d; c++, at++) {
        const value = centred[c]!;
        s0 += value * axes[at]!;
        s1 += value * axes[at + d]!;
        s2 += value * axes[at + 2 * d]!;
        s3 += value * axes[at + 3 * d]!;
      }
      out[i * k + j] = s0;
      out[i * k + j + 1] = s1;
      out[i * k + j + 2] = s2;
      out[i * k + j + 3] = s3;
    }
    for (; j < k; j++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += centred[c]! * axes[j * d + c]!;
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

/** A B for A `[n, m]` and B `[m, p]`, row-major: `[n, p]`. */
export function times(a: Float64Array, b: Float64Array, m: number): Float64Array {
  const n = a.length / m;
  const p = b.length / m;
  const out = new Float64Array(n * p);
  for (let i = 0; i < n; i++) {
    for (let l = 0; l < m; l++) {
      const factor = a[i * m + l]!;
      for (let j = 0; j < p; j++) out[i * p + j]! += factor * b[l * p + j]!;
    }
  }
  return out;
}
