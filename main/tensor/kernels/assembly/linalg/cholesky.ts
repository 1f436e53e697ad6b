import { DOUBLE, madd, sumLanes } from './arithmetic';

/**
 * Cholesky factor L (lower, L L^T = A) over the lower triangle of A [n, n] in place. Returns -1, or the index of the
 * first pivot that is not positive (or not a number).
 */
export function cholesky(a: usize, n: i32): i32 {
  const stride = <usize>n * DOUBLE;
  for (let i = 0; i < n; i++) {
    const row = a + <usize>i * stride;
    let j = 0;
    // Four columns share each load of row i; what they owe each other is settled after.
    for (; j + 4 <= i; j += 4) {
      const r0 = a + <usize>j * stride;
      const r1 = r0 + stride, r2 = r1 + stride, r3 = r2 + stride;
      let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0);
      const bytes = <usize>j * DOUBLE;
      for (let k: usize = 0; k < bytes; k += 16) {
        const x = v128.load(row + k);
        s0 = madd(x, v128.load(r0 + k), s0);
        s1 = madd(x, v128.load(r1 + k), s1);
        s2 = madd(x, v128.load(r2 + k), s2);
        s3 = madd(x, v128.load(r3 + k), s3);
      }
      const at = row + bytes;
      const l0 = (load<f64>(at) - sumLanes(s0)) / load<f64>(r0 + bytes);
      const l1 = (load<f64>(at, 8) - sumLanes(s1) - l0 * load<f64>(r1 + bytes)) / load<f64>(r1 + bytes, 8);
      const l2 = (load<f64>(at, 16) - sumLanes(s2) - l0 * load<f64>(r2 + bytes) - l1 * load<f64>(r2 + bytes, 8))
        / load<f64>(r2 + bytes, 16);
      const l3 = (load<f64>(at, 24) - sumLanes(s3) - l0 * load<f64>(r3 + bytes) - l1 * load<f64>(r3 + bytes, 8)
        - l2 * load<f64>(r3 + bytes, 16)) / load<f64>(r3 + bytes, 24);
      store<f64>(at, l0);
      store<f64>(at, l1, 8);
      store<f64>(at, l2, 16);
      store<f64>(at, l3, 24);
    }
    for (; j <= i; j++) {
      const other = a + <usize>j * stride;
      let sum = load<f64>(row + <usize>j * DOUBLE);
      for (let k: usize = 0; k < <usize>j * DOUBLE; k += DOUBLE) sum -= load<f64>(row + k) * load<f64>(other + k);
      if (j < i) {
        store<f64>(row + <usize>j * DOUBLE, sum / load<f64>(other + <usize>j * DOUBLE));
      } else {
        if (!(sum > 0)) return i;
        store<f64>(row + <usize>j * DOUBLE, sqrt<f64>(sum));
      }
    }
  }
  return -1;
}
