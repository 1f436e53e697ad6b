import { DOUBLE, madd, nmadd } from './arithmetic';
import { PANEL, accumulateReflectors, tridiagonalise } from './tridiagonal';

/** Rotations that are saved up before they are applied to the vectors (256 KiB of cosines and sines). */
const ROTATIONS: i32 = 16384;
/** The method needs fewer than two rounds an eigenvalue; thirty are EISPACK's limit. */
const MAX_ROUNDS: i32 = 60;
const EPSILON: f64 = 2.220446049250313e-16;

const LINE: usize = <usize>PANEL * DOUBLE;

// Saved rotations: cosines and sines in turns, and for each sweep its first and last row and its number of rotations.
let rotations: usize = 0;
let rotationCount: i32 = 0;
let sweeps: usize = 0;
let sweepCount: i32 = 0;

/** Doubles of scratch memory that `symmetricEigen` needs beside A and Z. */
export function eigenScratchDoubles(n: i32): i32 {
  const padded = (n + PANEL - 1) / PANEL * PANEL;
  // e, h; then either the vectors of the reduction and the product, or the rotations and sweeps.
  return 2 * n + max(4 * padded, 2 * (ROTATIONS + n) + ROTATIONS + n);
}

/** Doubles that Z takes: n columns filled up to whole panels. */
export function eigenVectorDoubles(n: i32): i32 {
  return (n + PANEL - 1) / PANEL * PANEL * n;
}

/** Applies the saved rotations to all of Z, panel by panel. */
function applyRotations(z: usize, n: i32): void {
  const panels = (n + PANEL - 1) / PANEL;
  for (let panel = 0; panel < panels; panel++) {
    const base = z + <usize>(panel * n) * LINE;
    let rotation = rotations;
    for (let sweep = 0; sweep < sweepCount; sweep++) {
      const l = load<i32>(sweeps + <usize>sweep * 8);
      const m = load<i32>(sweeps + <usize>sweep * 8, 4);
      let row = base + <usize>m * LINE;
      let carry0 = v128.load(row), carry1 = v128.load(row, 16), carry2 = v128.load(row, 32), carry3 = v128.load(row, 48);
      const end = base + <usize>l * LINE;
      for (; row > end; rotation += 16) {
        const c = v128.load64_splat(rotation);
        const s = v128.load64_splat(rotation, 8);
        const above = row - LINE;
        let x = v128.load(above);
        v128.store(row, madd(c, carry0, f64x2.mul(s, x)));
        carry0 = nmadd(s, carry0, f64x2.mul(c, x));
        x = v128.load(above, 16);
        v128.store(row, madd(c, carry1, f64x2.mul(s, x)), 16);
        carry1 = nmadd(s, carry1, f64x2.mul(c, x));
        x = v128.load(above, 32);
        v128.store(row, madd(c, carry2, f64x2.mul(s, x)), 32);
        carry2 = nmadd(s, carry2, f64x2.mul(c, x));
        x = v128.load(above, 48);
        v128.store(row, madd(c, carry3, f64x2.mul(s, x)), 48);
        carry3 = nmadd(s, carry3, f64x2.mul(c, x));
        row = above;
      }
      v128.store(row, carry0);
      v128.store(row, carry1, 16);
      v128.store(row, carry2, 32);
      v128.store(row, carry3, 48);
    }
  }
  rotationCount = 0;
  sweepCount = 0;
}

// @ts-ignore: decorator
@inline
function hypotenuse(a: f64, b: f64): f64 {
  // The matrix is scaled to a largest element of 1, so that squares cannot overflow; what underflows is negligible.
  return sqrt<f64>(a * a + b * b);
}

/**
 * Implicit QL iteration (EISPACK's tql2; H. Bowdler, R. Martin, C. Reinsch and J. Wilkinson, 1968) on the tridiagonal
 * matrix with diagonal d and, from index 1, the elements beside it in e. Rotates the rows of Z along. Returns 0, or 1
 * where an eigenvalue did not converge.
 */
function ql(d: usize, e: usize, n: i32, z: usize): i32 {
  for (let i = 1; i < n; i++) store<f64>(e + <usize>(i - 1) * DOUBLE, load<f64>(e + <usize>i * DOUBLE));
  store<f64>(e + <usize>(n - 1) * DOUBLE, 0);
  let shift: f64 = 0;
  let size: f64 = 0;
  for (let i: usize = 0; i < <usize>n * DOUBLE; i += DOUBLE) size = max(size, abs(load<f64>(d + i)) + abs(load<f64>(e + i)));
  for (let l = 0; l < n; l++) {
    const dl = d + <usize>l * DOUBLE;
    const el = e + <usize>l * DOUBLE;
    let m = l;
    while (m < n - 1 && !(abs(load<f64>(e + <usize>m * DOUBLE)) <= EPSILON * size)) m++;
    if (m > l) {
      let rounds = 0;
      do {
        if (++rounds > MAX_ROUNDS) return 1;
        let g = load<f64>(dl);
        let p = (load<f64>(dl, 8) - g) / (2 * load<f64>(el));
        let r = hypotenuse(p, 1);
        if (p < 0) r = -r;
        const elValue = load<f64>(el);
        store<f64>(dl, elValue / (p + r));
        const dl1 = elValue * (p + r);
        store<f64>(dl, dl1, 8);
        const h = g - load<f64>(dl);
        for (let i = l + 2; i < n; i++) {
          const at = d + <usize>i * DOUBLE;
          store<f64>(at, load<f64>(at) - h);
        }
        shift += h;
        p = load<f64>(d + <usize>m * DOUBLE);
        let c: f64 = 1, c2: f64 = 1, c3: f64 = 1;
        const el1 = load<f64>(el, 8);
        let s: f64 = 0, s2: f64 = 0;
        let to = rotations + <usize>rotationCount * 16;
        for (let i = m - 1; i >= l; i--, to += 16) {
          const di = d + <usize>i * DOUBLE;
          const ei = load<f64>(e + <usize>i * DOUBLE);
          c3 = c2;
          c2 = c;
          s2 = s;
          g = c * ei;
          const k = c * p;
          r = hypotenuse(p, ei);
          store<f64>(e + <usize>(i + 1) * DOUBLE, s * r);
          // Both can have become zero; there is nothing to rotate then.
          s = r == 0 ? 0 : ei / r;
          c = r == 0 ? 1 : p / r;
          p = c * load<f64>(di) - s * g;
          store<f64>(di, k + s * (c * g + s * load<f64>(di)), 8);
          store<f64>(to, c);
          store<f64>(to, s, 8);
        }
        p = -s * s2 * c3 * el1 * load<f64>(el) / dl1;
        store<f64>(el, s * p);
        store<f64>(dl, c * p);
        store<i32>(sweeps + <usize>sweepCount * 8, l);
        store<i32>(sweeps + <usize>sweepCount * 8, m, 4);
        sweepCount++;
        rotationCount += m - l;
        if (rotationCount >= ROTATIONS) applyRotations(z, n);
      } while (!(abs(load<f64>(el)) <= EPSILON * size));
    }
    store<f64>(dl, load<f64>(dl) + shift);
    store<f64>(el, 0);
  }
  applyRotations(z, n);
  return 0;
}

/**
 * Eigenvalues, unordered, in d [n] and eigenvectors as rows of Z (panels of eight columns, see `accumulateReflectors`)
 * of the symmetric matrix whose lower triangle is in A [n, n], which is destroyed. A's largest element should be about 1.
 * Returns 0, or 1 where the iteration did not converge.
 */
export function symmetricEigen(a: usize, n: i32, d: usize, z: usize, scratch: usize): i32 {
  const e = scratch;
  const h = e + <usize>n * DOUBLE;
  const rest = h + <usize>n * DOUBLE;
  tridiagonalise(a, n, d, e, h, rest);
  accumulateReflectors(a, n, h, z, rest);
  rotations = rest;
  sweeps = rest + <usize>(ROTATIONS + n) * 16;
  rotationCount = 0;
  sweepCount = 0;
  return ql(d, e, n, z);
}

/** Copies row order[j] of Z to row j of out [n, n] or, `asColumns`, to its column j. */
export function orderVectors(z: usize, n: i32, order: usize, out: usize, asColumns: bool): void {
  for (let j = 0; j < n; j++) {
    const row = z + <usize>load<i32>(order + <usize>j * 4) * LINE;
    for (let i = 0; i < n; i++) {
      const value = load<f64>(row + <usize>(i / PANEL * n) * LINE + <usize>(i % PANEL) * DOUBLE);
      store<f64>(out + <usize>(asColumns ? i * n + j : j * n + i) * DOUBLE, value);
    }
  }
}
