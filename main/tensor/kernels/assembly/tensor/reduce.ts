const FLOAT: usize = 4;

/** Sums the rows of x [rows, columns] into out [columns]; out must not overlap x. */
export function sumRows(x: usize, rows: i32, columns: i32, out: usize): void {
  const stride = <usize>columns * FLOAT;
  memory.fill(out, 0, stride);
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
    for (; j < stride; j += FLOAT) {
      const at = x + j;
      const low = load<f32>(at) + load<f32>(at + stride);
      const high = load<f32>(at + 2 * stride) + load<f32>(at + 3 * stride);
      store<f32>(out + j, load<f32>(out + j) + (low + high));
    }
  }
  for (; i < rows; i++, x += stride) {
    let j: usize = 0;
    for (; j < whole; j += 16) v128.store(out + j, f32x4.add(v128.load(out + j), v128.load(x + j)));
    for (; j < stride; j += FLOAT) store<f32>(out + j, load<f32>(out + j) + load<f32>(x + j));
  }
}

/** out = dy where x > 0, else 0, over `n` floats. */
export function reluGradient(n: i32, dy: usize, x: usize, out: usize): void {
  const whole = <usize>(n & ~3) * FLOAT;
  const end = <usize>n * FLOAT;
  const zero = f32x4.splat(0);
  let i: usize = 0;
  for (; i < whole; i += 16) v128.store(out + i, v128.and(v128.load(dy + i), f32x4.gt(v128.load(x + i), zero)));
  for (; i < end; i += FLOAT) store<f32>(out + i, load<f32>(x + i) > 0 ? load<f32>(dy + i) : 0);
}
