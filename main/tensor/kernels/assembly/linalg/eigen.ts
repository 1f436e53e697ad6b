import { DOUBLE, madd, nmadd } from './arithmetic';
import { PANEL } from './tridiagonal';
import { share } from '../share';

/** Rotations that are saved up before they are applied to the vectors (256 KiB of cosines and sines). */
const ROTATIONS: i32 = 16384;
/** The method needs fewer than two rounds an eigenvalue; thirty are EISPACK's limit. */
const MAX_ROUNDS: i32 = 60;
const EPSILON: f64 = 2.220446049250313e-16;

const LINE: usize = <usize>PANEL * DOUBLE;

// Saved rotations: cosines and sines in turns, and for each sweep its first and last row.
let rotations: usize = 0;
let rotationCount: i32 = 0;
let sweeps: usize = 0;
let sweepCount: i32 = 0;

// Where the iteration stands: the eigenvalue that is sought, the end of its block, how many rounds it had, what was taken off the
// diagonal so far, and the size of the matrix.
let sought: i32 = 0;
let blockEnd: i32 = 0;
let rounds: i32 = 0;
let shift: f64 = 0;
let size: f64 = 0;

/** Doubles of scratch memory that the reduction, the product of its reflectors by so many threads and the iteration need. */
export function eigenScratchDoubles(n: i32, threads: i32): i32 {
  const padded = (n + PANEL - 1) / PANEL * PANEL;
  return max(4 * padded * threads, 2 * (ROTATIONS + n) + ROTATIONS + n);
}

/** Doubles that Z takes: n columns filled up to whole panels. */
export function eigenVectorDoubles(n: i32): i32 {
  return (n + PANEL - 1) / PANEL * PANEL * n;
}

/** Applies the rotations that `qlRounds` left in `scratch` to all of Z. In parts by panels. */
export function applyRotations(part: i32, _thread: i32, parts: i32, z: usize, n: i32, count: i32, scratch: usize): void {
  const panels = (n + PANEL - 1) / PANEL;
  const end = share(panels, part + 1, parts);
  for (let panel = share(panels, part, parts); panel < end; panel++) {
    const base = z + <usize>(panel * n) * LINE;
    let rotation = scratch;
    for (let sweep = 0; sweep < count; sweep++) {
      const at = sweepsIn(scratch, n) + <usize>sweep * 8;
      const l = load<i32>(at);
      const m = load<i32>(at, 4);
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
}

// @ts-ignore: decorator
@inline
function sweepsIn(scratch: usize, n: i32): usize {
  return scratch + <usize>(ROTATIONS + n) * 16;
}

// @ts-ignore: decorator
@inline
function hypotenuse(a: f64, b: f64): f64 {
  // The matrix is scaled to a largest element of 1, so that squares cannot overflow; what underflows is negligible.
  return sqrt<f64>(a * a + b * b);
}

/**
 * Begins the implicit QL iteration (EISPACK's tql2; H. Bowdler, R. Martin, C. Reinsch and J. Wilkinson, 1968) on the
 * tridiagonal matrix with diagonal d and, from index 1, the elements beside it in e.
 */
export function qlBegin(d: usize, e: usize, n: i32, scratch: usize): void {
  for (let i = 1; i < n; i++) store<f64>(e + <usize>(i - 1) * DOUBLE, load<f64>(e + <usize>i * DOUBLE));
  store<f64>(e + <usize>(n - 1) * DOUBLE, 0);
  rotations = scratch;
  sweeps = sweepsIn(scratch, n);
  sought = 0;
  rounds = 0;
  shift = 0;
  size = 0;
  for (let i: usize = 0; i < <usize>n * DOUBLE; i += DOUBLE) size = max(size, abs(load<f64>(d + i)) + abs(load<f64>(e + i)));
}

/** How many sweeps of rotations the last `qlRounds` left. */
export function sweepsLeft(): i32 {
  return sweepCount;
}

/**
 * Goes on with the iteration until it is at its end (0), an eigenvalue does not converge (1), or so many rotations are saved that they
 * are to be applied to Z (2) before it is called again. Those saved at the end are to be applied, too.
 */
export function qlRounds(d: usize, e: usize, n: i32): i32 {
  rotationCount = 0;
  sweepCount = 0;
  for (; sought < n; sought++) {
    const l = sought;
    const dl = d + <usize>l * DOUBLE;
    const el = e + <usize>l * DOUBLE;
    if (rounds == 0) {
      let end = l;
      while (end < n - 1 && !(abs(load<f64>(e + <usize>end * DOUBLE)) <= EPSILON * size)) end++;
      blockEnd = end;
    }
    const m = blockEnd;
    if (m > l) {
      while (rounds == 0 || !(abs(load<f64>(el)) <= EPSILON * size)) {
        if (rotationCount >= ROTATIONS) return 2;
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
      }
    }
    rounds = 0;
    store<f64>(dl, load<f64>(dl) + shift);
    store<f64>(el, 0);
  }
  return 0;
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
