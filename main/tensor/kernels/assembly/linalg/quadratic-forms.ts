import { DOUBLE, madd } from './arithmetic';

const WIDTH: i32 = 4;

/**
 * Packs A [d, d] for `quadraticForms`: with T the lower triangle of A + A^T - diag(A), panels of four columns of T, each
 * from its first row on the diagonal down; needs 8 * panels * (panels + 1) * 8 bytes, panels = ceil(d / 4).
 */
export function packForm(a: usize, d: i32, out: usize): void {
  const padded = (d + WIDTH - 1) / WIDTH * WIDTH;
  for (let panel = 0; panel < padded; panel += WIDTH) {
    for (let k = panel; k < padded; k++) {
      for (let j = panel; j < panel + WIDTH; j++, out += DOUBLE) {
        let value: f64 = 0;
        if (k < d && j < d && k >= j) {
          value = load<f64>(a + <usize>(k * d + j) * DOUBLE);
          if (k > j) value += load<f64>(a + <usize>(j * d + k) * DOUBLE);
        }
        store<f64>(out, value);
      }
    }
  }
}

/**
 * (x - mean)^T A (x - mean) for each row of x [n, d] (float32), in float64, into out [n]: the sum over columns j of
 * (x - mean)_j ((x - mean)^T T)_j. `form` is from `packForm`; `scratch` takes padded(n) * padded(d) doubles. In parts of `rows`
 * rows, a multiple of 4.
 */
export function quadraticForms(
  part: i32, _thread: i32, rows: i32, x: usize, n: i32, d: i32, mean: usize, form: usize, out: usize, scratch: usize,
): void {
  const first = part * rows;
  const padded = <usize>((d + WIDTH - 1) / WIDTH * WIDTH);
  const skipped = <usize>first;
  x += skipped * <usize>d * 4;
  out += skipped * DOUBLE;
  scratch += skipped * padded * DOUBLE;
  formsOfRows(x, min(rows, n - first), d, mean, form, out, scratch);
}

function formsOfRows(x: usize, n: i32, d: i32, mean: usize, form: usize, out: usize, scratch: usize): void {
  const padded = (d + WIDTH - 1) / WIDTH * WIDTH;
  const groups = (n + WIDTH - 1) / WIDTH;
  const groupBytes = <usize>(padded * WIDTH) * DOUBLE;
  // Four samples side by side: [group][column][4].
  for (let sample = 0; sample < groups * WIDTH; sample++) {
    const from = x + <usize>sample * <usize>d * 4;
    const to = scratch + <usize>(sample / WIDTH) * groupBytes + <usize>(sample % WIDTH) * DOUBLE;
    for (let j = 0; j < padded; j++) {
      const value = sample < n && j < d ? <f64>load<f32>(from + <usize>j * 4) - load<f64>(mean + <usize>j * DOUBLE) : 0;
      store<f64>(to + <usize>(j * WIDTH) * DOUBLE, value);
    }
  }
  memory.fill(out, 0, <usize>(groups * WIDTH) * DOUBLE);
  for (let panel = 0; panel < padded; panel += WIDTH) {
    const rows = padded - panel;
    for (let group = 0; group < groups; group++) {
      const first = scratch + <usize>group * groupBytes + <usize>(panel * WIDTH) * DOUBLE;
      let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
      let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
      let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
      let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
      let a = form;
      let b = first;
      const end = b + <usize>(rows * WIDTH) * DOUBLE;
      for (; b < end; a += 32, b += 32) {
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
      }
      const to = out + <usize>(group * WIDTH) * DOUBLE;
      let low = madd(c00, v128.load(first), v128.load(to));
      let high = madd(c01, v128.load(first, 16), v128.load(to, 16));
      low = madd(c10, v128.load(first, 32), low);
      high = madd(c11, v128.load(first, 48), high);
      low = madd(c20, v128.load(first, 64), low);
      high = madd(c21, v128.load(first, 80), high);
      low = madd(c30, v128.load(first, 96), low);
      high = madd(c31, v128.load(first, 112), high);
      v128.store(to, low);
      v128.store(to, high, 16);
    }
    form += <usize>(rows * WIDTH) * DOUBLE;
  }
}
