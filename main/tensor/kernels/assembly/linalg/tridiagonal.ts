import { DOUBLE, madd, nmadd, sumLanes } from './arithmetic';
import { share } from '../share';

/** a_j -= vr w_j + wr v_j over a row, for the first `count` elements. */
function updateRow(row: usize, count: i32, v: usize, w: usize, vr: f64, wr: f64): void {
  for (let j: usize = 0; j < <usize>count * DOUBLE; j += DOUBLE)
    store<f64>(row + j, load<f64>(row + j) - vr * load<f64>(w + j) - wr * load<f64>(v + j));
}

/**
 * Householder reduction of the symmetric matrix whose lower triangle is in A [n, n] to tridiagonal form
 * (R. Martin, C. Reinsch and J. Wilkinson, 1968; G. Golub and C. Van Loan, section 8.3.1), from the last row up. The
 * rank-two update of one step and the matrix-vector product of the next are one pass over the matrix.
 *
 * Leaves the diagonal in d [n], what stands left of it in e [n] (e[0] = 0), and for each i the reflector
 * I - v v^T / h with v in the first i elements of row i and h in h[i], 0 where there is none. `scratch` takes 2 n doubles.
 */
export function tridiagonalise(a: usize, n: i32, d: usize, e: usize, h: usize, scratch: usize): void {
  const stride = <usize>n * DOUBLE;
  let w = scratch;
  let p = scratch + stride;
  memory.fill(scratch, 0, 2 * stride);
  // The step before, whose update is still to be applied; before the first there is none.
  let previous: usize = 0;
  for (let i = n - 1; i >= 0; i--) {
    const v = a + <usize>i * stride;
    const at = <usize>i * DOUBLE;
    if (previous != 0) updateRow(v, i + 1, previous, w, load<f64>(previous + at), load<f64>(w + at));
    store<f64>(d + at, load<f64>(v + at));
    store<f64>(h + at, 0);
    if (i == 0) {
      store<f64>(e, 0);
      break;
    }
    const last = at - DOUBLE;
    let largest: f64 = 0;
    for (let j: usize = 0; j < last; j += DOUBLE) largest = max(largest, abs(load<f64>(v + j)));
    let f = load<f64>(v + last);
    let hi: f64 = 0;
    if (largest == 0) {
      store<f64>(e + at, f);
      memory.fill(v, 0, at);
    } else {
      // Without this, squares of what is left of a row beside much larger ones underflow, and v points nowhere.
      largest = max(largest, abs(f));
      let rest: f64 = 0;
      for (let j: usize = 0; j < last; j += DOUBLE) {
        const value = load<f64>(v + j) / largest;
        store<f64>(v + j, value);
        rest += value * value;
      }
      f /= largest;
      const norm = sqrt<f64>(rest + f * f);
      const g = f > 0 ? -norm : norm;
      store<f64>(e + at, g * largest);
      hi = rest + f * f - f * g;
      store<f64>(h + at, hi);
      store<f64>(v + last, f - g);
    }
    memory.fill(p, 0, at);
    if (previous != 0) updateAndMultiply(a, stride, i, previous, w, v, p);
    else multiply(a, stride, i, v, p);
    if (hi != 0) {
      let product: f64 = 0;
      for (let j: usize = 0; j < at; j += DOUBLE) {
        const value = load<f64>(p + j) / hi;
        store<f64>(p + j, value);
        product += value * load<f64>(v + j);
      }
      const k = product / (2 * hi);
      for (let j: usize = 0; j < at; j += DOUBLE) store<f64>(p + j, load<f64>(p + j) - k * load<f64>(v + j));
    }
    const free = w;
    w = p;
    p = free;
    previous = v;
  }
}

/** p += A v for the symmetric matrix of the first `size` rows, of which the lower triangle is read. */
function multiply(a: usize, stride: usize, size: i32, v: usize, p: usize): void {
  for (let r = 0; r < size; r++) {
    const row = a + <usize>r * stride;
    const at = <usize>r * DOUBLE;
    const vr = load<f64>(v + at);
    let sum: f64 = 0;
    for (let j: usize = 0; j < at; j += DOUBLE) {
      const value = load<f64>(row + j);
      sum += value * load<f64>(v + j);
      store<f64>(p + j, load<f64>(p + j) + value * vr);
    }
    store<f64>(p + at, load<f64>(p + at) + sum + load<f64>(row + at) * vr);
  }
}

/**
 * A -= u w^T + w u^T on the lower triangle of the first `size` rows and, of the result, p += A v. Two rows at a time
 * share the loads of the vectors.
 */
function updateAndMultiply(a: usize, stride: usize, size: i32, u: usize, w: usize, v: usize, p: usize): void {
  let r = 0;
  for (; r + 2 <= size; r += 2) {
    const row0 = a + <usize>r * stride;
    const row1 = row0 + stride;
    const at = <usize>r * DOUBLE;
    const u0 = load<f64>(u + at), u1 = load<f64>(u + at, 8);
    const w0 = load<f64>(w + at), w1 = load<f64>(w + at, 8);
    const v0 = load<f64>(v + at), v1 = load<f64>(v + at, 8);
    const su0 = f64x2.splat(u0), su1 = f64x2.splat(u1);
    const sw0 = f64x2.splat(w0), sw1 = f64x2.splat(w1);
    const sv0 = f64x2.splat(v0), sv1 = f64x2.splat(v1);
    let sum0 = f64x2.splat(0), sum1 = f64x2.splat(0);
    // r is even, so that whole pairs lie left of the diagonal.
    for (let j: usize = 0; j < at; j += 16) {
      const uj = v128.load(u + j);
      const wj = v128.load(w + j);
      const vj = v128.load(v + j);
      const a0 = nmadd(sw0, uj, nmadd(su0, wj, v128.load(row0 + j)));
      const a1 = nmadd(sw1, uj, nmadd(su1, wj, v128.load(row1 + j)));
      v128.store(row0 + j, a0);
      v128.store(row1 + j, a1);
      sum0 = madd(a0, vj, sum0);
      sum1 = madd(a1, vj, sum1);
      v128.store(p + j, madd(a1, sv1, madd(a0, sv0, v128.load(p + j))));
    }
    const d0 = load<f64>(row0 + at) - 2 * u0 * w0;
    const off = load<f64>(row1 + at) - u1 * w0 - w1 * u0;
    const d1 = load<f64>(row1 + at, 8) - 2 * u1 * w1;
    store<f64>(row0 + at, d0);
    store<f64>(row1 + at, off);
    store<f64>(row1 + at, d1, 8);
    store<f64>(p + at, load<f64>(p + at) + sumLanes(sum0) + d0 * v0 + off * v1);
    store<f64>(p + at, load<f64>(p + at, 8) + sumLanes(sum1) + off * v0 + d1 * v1, 8);
  }
  if (r < size) {
    const row = a + <usize>r * stride;
    const at = <usize>r * DOUBLE;
    updateRow(row, r + 1, u, w, load<f64>(u + at), load<f64>(w + at));
    const vr = load<f64>(v + at);
    let sum: f64 = 0;
    for (let j: usize = 0; j < at; j += DOUBLE) {
      const value = load<f64>(row + j);
      sum += value * load<f64>(v + j);
      store<f64>(p + j, load<f64>(p + j) + value * vr);
    }
    store<f64>(p + at, load<f64>(p + at) + sum + load<f64>(row + at) * vr);
  }
}

/** Columns of a panel, one cache line: see `accumulateReflectors`. */
export const PANEL: i32 = 8;

/**
 * The product of the reflectors, transposed: rows of Z such that A = Z^T T Z, from what `tridiagonalise` left in `a` and
 * `h`. Z is laid out as panels of eight columns, [panel][n][8], filled up with zeros, so that the rotations that follow
 * run down a panel in the cache. `scratch` takes 4 rows of padded(n) doubles for each thread. In parts by rows.
 */
export function accumulateReflectors(
  part: i32, thread: i32, parts: i32, a: usize, n: i32, h: usize, z: usize, scratch: usize,
): void {
  // The first rows take longest, and the last part is begun first.
  part = parts - 1 - part;
  const groups = (n + 3) / 4;
  const firstRow = share(groups, part, parts) * 4;
  const endRow = min(n, share(groups, part + 1, parts) * 4);
  const stride = <usize>n * DOUBLE;
  const panels = (n + PANEL - 1) / PANEL;
  const rowBytes = <usize>(panels * PANEL) * DOUBLE;
  scratch += <usize>(thread * 4) * rowBytes;
  const q0 = scratch, q1 = q0 + rowBytes, q2 = q1 + rowBytes, q3 = q2 + rowBytes;
  for (let first = firstRow; first < endRow; first += 4) {
    memory.fill(scratch, 0, 4 * rowBytes);
    const rows = min(4, n - first);
    for (let r = 0; r < rows; r++) store<f64>(scratch + <usize>r * rowBytes + <usize>(first + r) * DOUBLE, 1);
    // Reflector i touches the first i columns, so that row m meets those after m alone.
    for (let i = first + 1; i < n; i++) {
      const hi = load<f64>(h + <usize>i * DOUBLE);
      if (hi == 0) continue;
      const v = a + <usize>i * stride;
      const whole = <usize>(i & ~1) * DOUBLE;
      let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0);
      for (let j: usize = 0; j < whole; j += 16) {
        const x = v128.load(v + j);
        s0 = madd(x, v128.load(q0 + j), s0);
        s1 = madd(x, v128.load(q1 + j), s1);
        s2 = madd(x, v128.load(q2 + j), s2);
        s3 = madd(x, v128.load(q3 + j), s3);
      }
      let t0 = sumLanes(s0), t1 = sumLanes(s1), t2 = sumLanes(s2), t3 = sumLanes(s3);
      const isOdd = (i & 1) != 0;
      const x = isOdd ? load<f64>(v + whole) : 0;
      if (isOdd) {
        t0 += x * load<f64>(q0 + whole);
        t1 += x * load<f64>(q1 + whole);
        t2 += x * load<f64>(q2 + whole);
        t3 += x * load<f64>(q3 + whole);
      }
      t0 /= hi;
      t1 /= hi;
      t2 /= hi;
      t3 /= hi;
      s0 = f64x2.splat(t0);
      s1 = f64x2.splat(t1);
      s2 = f64x2.splat(t2);
      s3 = f64x2.splat(t3);
      for (let j: usize = 0; j < whole; j += 16) {
        const x = v128.load(v + j);
        v128.store(q0 + j, nmadd(x, s0, v128.load(q0 + j)));
        v128.store(q1 + j, nmadd(x, s1, v128.load(q1 + j)));
        v128.store(q2 + j, nmadd(x, s2, v128.load(q2 + j)));
        v128.store(q3 + j, nmadd(x, s3, v128.load(q3 + j)));
      }
      if (isOdd) {
        store<f64>(q0 + whole, load<f64>(q0 + whole) - x * t0);
        store<f64>(q1 + whole, load<f64>(q1 + whole) - x * t1);
        store<f64>(q2 + whole, load<f64>(q2 + whole) - x * t2);
        store<f64>(q3 + whole, load<f64>(q3 + whole) - x * t3);
      }
    }
    for (let panel = 0; panel < panels; panel++) {
      const bytes = <usize>PANEL * DOUBLE;
      for (let r = 0; r < rows; r++)
        memory.copy(z + <usize>(panel * n + first + r) * bytes, scratch + <usize>r * rowBytes + <usize>panel * bytes, bytes);
    }
  }
}
