import { DOUBLE } from './arithmetic';
import { tile } from './gram';

const WIDTH: i32 = 4;

/** Packs the rows of x [n, k] (float64) four side by side, as panels [k][WIDTH]; the last is filled up with zero rows. */
export function packRows(x: usize, n: i32, k: i32, out: usize): void {
  const step = <usize>WIDTH * DOUBLE;
  for (let first = 0; first < n; first += WIDTH) {
    for (let row = first; row < first + WIDTH; row++) {
      let from = x + <usize>row * <usize>k * DOUBLE;
      let to = out + <usize>(row - first) * DOUBLE;
      for (let j = 0; j < k; j++, from += DOUBLE, to += step) store<f64>(to, row < n ? load<f64>(from) : 0);
    }
    out += <usize>k * step;
  }
}

/**
 * C = A B^T for A [m, k] and B [n, k] from `packRows`. C has m and n rounded up to multiples of 4 as rows and columns; what
 * is beyond m and n is zero.
 */
export function matMulTransposed(a: usize, m: i32, b: usize, n: i32, k: i32, c: usize): void {
  const rows = (m + WIDTH - 1) / WIDTH;
  const columns = (n + WIDTH - 1) / WIDTH;
  const ldc = <usize>(columns * WIDTH) * DOUBLE;
  const panelBytes = <usize>(k * WIDTH) * DOUBLE;
  memory.fill(c, 0, <usize>(rows * WIDTH) * ldc);
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < rows; i++) {
      const to = c + <usize>(i * WIDTH) * ldc + <usize>(j * WIDTH) * DOUBLE;
      tile(k, a + <usize>i * panelBytes, b + <usize>j * panelBytes, to, ldc);
    }
  }
}
