import { share, shareOfFloats } from '../share';

const FLOAT: usize = 4;

/** Columns that one part sums at least: a cache line. */
const LINE: i32 = 16;

/** Sums the rows of x [rows, columns] into out [columns]; out must not overlap x. In parts by columns. */
export function sumRows(part: i32, _thread: i32, parts: i32, x: usize, rows: i32, columns: i32, out: usize): void {
  const lines = (columns + LINE - 1) / LINE;
  const first = min(columns, share(lines, part, parts) * LINE);
  const last = min(columns, share(lines, part + 1, parts) * LINE);
  const skipped = <usize>first * FLOAT;
  sumColumns(x + skipped, rows, last - first, <usize>columns * FLOAT, out + skipped);
}

/** Sums rows of x, `stride` bytes apart. */
function sumColumns(x: usize, rows: i32, columns: i32, stride: usize, out: usize): void {
  const bytes = <usize>columns * FLOAT;
  memory.fill(out, 0, bytes);
  const whole = <usize>(columns & ~3) * FLOAT;
  let i = 0;
  // Four rows at a time: the sums are loaded and stored a quarter as often.
  for (; i + 4 <= rows; i += 4, x += 4 * stride) {
    let j: usize = 0;
    for (; j < whole; j += 16) {
      const at = x + j;
      const low = f32x4.add(v128.load(at), v128.load(at + stride));
      const high = f32x4.add(v128.load(at + 2 * stride), v128.load(at + 3 * stride));
      v128.store(out + j, f32x4.add(v128.load(out + j), f32x4.add(low, high)));
    }
    for (; j < bytes; j += FLOAT) {
      const at = x + j;
      const low = load<f32>(at) + load<f32>(at + stride);
      const high = load<f32>(at + 2 * stride) + load<f32>(at + 3 * stride);
      store<f32>(out + j, load<f32>(out + j) + (low + high));
    }
  }
  for (; i < rows; i++, x += stride) {
    let j: usize = 0;
    for (; j < whole; j += 16) v128.store(out + j, f32x4.add(v128.load(out + j), v128.load(x + j)));
    for (; j < bytes; j += FLOAT) store<f32>(out + j, load<f32>(out + j) + load<f32>(x + j));
  }
}

/** out = dy where x > 0, else 0, over `n` floats. In parts. */
export function reluGradient(part: i32, _thread: i32, parts: i32, n: i32, dy: usize, x: usize, out: usize): void {
  const last = shareOfFloats(n, part + 1, parts);
  const whole = <usize>(last & ~3) * FLOAT;
  const end = <usize>last * FLOAT;
  const zero = f32x4.splat(0);
  let i = <usize>shareOfFloats(n, part, parts) * FLOAT;
  for (; i < whole; i += 16) v128.store(out + i, v128.and(v128.load(dy + i), f32x4.gt(v128.load(x + i), zero)));
  for (; i < end; i += FLOAT) store<f32>(out + i, load<f32>(x + i) > 0 ? load<f32>(dy + i) : 0);
}

/** out = the larger of x and 0, over `n` floats; NaN stays NaN. In parts. */
export function relu(part: i32, _thread: i32, parts: i32, n: i32, x: usize, out: usize): void {
  const last = shareOfFloats(n, part + 1, parts);
  const whole = <usize>(last & ~3) * FLOAT;
  const end = <usize>last * FLOAT;
  const zero = f32x4.splat(0);
  let i = <usize>shareOfFloats(n, part, parts) * FLOAT;
  for (; i < whole; i += 16) v128.store(out + i, f32x4.max(v128.load(x + i), zero));
  for (; i < end; i += FLOAT) store<f32>(out + i, max<f32>(load<f32>(x + i), 0));
}
