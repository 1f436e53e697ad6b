import { DOUBLE, madd } from './arithmetic';

/** Rows and columns of a tile: twelve sums of two, two of B and one of A are what sixteen registers hold. */
export const ROWS: i32 = 6;
export const COLUMNS: i32 = 4;
/** Side of a square of whole tiles. */
export const SQUARE: i32 = 12;

// @ts-ignore: decorator
@inline
function addTwo(to: usize, value: v128): void {
  v128.store(to, f64x2.add(v128.load(to), value));
}

/** C (6x4, rows `ldc` bytes apart) += A B for packed panels A [n][6] and B [n][4]. */
export function tile(n: i32, a: usize, b: usize, c: usize, ldc: usize): void {
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
  let c40 = f64x2.splat(0), c41 = f64x2.splat(0);
  let c50 = f64x2.splat(0), c51 = f64x2.splat(0);
  const end = b + <usize>(n * COLUMNS) * DOUBLE;
  for (; b < end; a += 48, b += 32) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load64_splat(a);
    c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
    s = v128.load64_splat(a, 8);
    c10 = madd(s, b0, c10); c11 = madd(s, b1, c11);
    s = v128.load64_splat(a, 16);
    c20 = madd(s, b0, c20); c21 = madd(s, b1, c21);
    s = v128.load64_splat(a, 24);
    c30 = madd(s, b0, c30); c31 = madd(s, b1, c31);
    s = v128.load64_splat(a, 32);
    c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
    s = v128.load64_splat(a, 40);
    c50 = madd(s, b0, c50); c51 = madd(s, b1, c51);
  }
  addTwo(c, c00); addTwo(c + 16, c01);
  c += ldc;
  addTwo(c, c10); addTwo(c + 16, c11);
  c += ldc;
  addTwo(c, c20); addTwo(c + 16, c21);
  c += ldc;
  addTwo(c, c30); addTwo(c + 16, c31);
  c += ldc;
  addTwo(c, c40); addTwo(c + 16, c41);
  c += ldc;
  addTwo(c, c50); addTwo(c + 16, c51);
}
