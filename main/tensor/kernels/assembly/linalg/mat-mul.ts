import { DOUBLE } from './arithmetic';
import { COLUMNS, ROWS, tile } from './tile';
import { share } from '../share';

/** Packs the rows of x [n, k] (float64) `width` side by side, as panels [k][width]; the last is filled up with zero rows. */
function packRows(x: usize, n: i32, k: i32, width: i32, firstPanel: i32, lastPanel: i32, out: usize): void {
  const step = <usize>width * DOUBLE;
  out += <usize>firstPanel * <usize>k * step;
  for (let first = firstPanel * width; first < lastPanel * width; first += width) {
    for (let row = first; row < first + width; row++) {
      let from = x + <usize>row * <usize>k * DOUBLE;
      let to = out + <usize>(row - first) * DOUBLE;
      for (let j = 0; j < k; j++, from += DOUBLE, to += step) store<f64>(to, row < n ? load<f64>(from) : 0);
    }
    out += <usize>k * step;
  }
}

// @ts-ignore: decorator
@inline
function panelsOf(n: i32, width: i32): i32 {
  return (n + width - 1) / width;
}

/** Doubles that n packed rows of k take, as left or right factor. */
export function packedLeftDoubles(n: i32, k: i32): i32 {
  return panelsOf(n, ROWS) * ROWS * k;
}

export function packedRightDoubles(n: i32, k: i32): i32 {
  return panelsOf(n, COLUMNS) * COLUMNS * k;
}

/** Packs the rows of x [n, k] (float64) as right factor of `matMulTransposed`. In parts by rows. */
export function packRight(part: i32, _thread: i32, parts: i32, x: usize, n: i32, k: i32, out: usize): void {
  const panels = panelsOf(n, COLUMNS);
  packRows(x, n, k, COLUMNS, share(panels, part, parts), share(panels, part + 1, parts), out);
}

/**
 * C = A B^T for A [m, k] and B [n, k] from `packRight`; `left` takes the packed A. C has m and n rounded up to multiples of 6
 * and 4 as rows and columns; what is beyond m and n is zero. In parts by rows of A.
 */
export function matMulTransposed(
  part: i32, _thread: i32, parts: i32, a: usize, m: i32, b: usize, n: i32, k: i32, left: usize, c: usize,
): void {
  const rows = panelsOf(m, ROWS);
  const columns = panelsOf(n, COLUMNS);
  const ldc = <usize>(columns * COLUMNS) * DOUBLE;
  const first = share(rows, part, parts);
  const last = share(rows, part + 1, parts);
  packRows(a, m, k, ROWS, first, last, left);
  memory.fill(c + <usize>(first * ROWS) * ldc, 0, <usize>((last - first) * ROWS) * ldc);
  for (let j = 0; j < columns; j++) {
    for (let i = first; i < last; i++) {
      const to = c + <usize>(i * ROWS) * ldc + <usize>(j * COLUMNS) * DOUBLE;
      tile(k, left + <usize>(i * ROWS) * <usize>k * DOUBLE, b + <usize>(j * COLUMNS) * <usize>k * DOUBLE, to, ldc);
    }
  }
}
