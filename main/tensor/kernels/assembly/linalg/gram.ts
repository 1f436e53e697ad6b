import { DOUBLE, madd } from './arithmetic';

/** Width of a packed panel and of a tile. */
const WIDTH: i32 = 4;
/** Panels whose tiles are worked out together (128 KiB at 512 rows): they stay in the level 2 cache. */
const GROUP: i32 = 8;

/** Means of the columns of x [n, d] (float32, or float64 where `isDouble`), n > 0, into `mean` [d]. */
export function columnMeans(x: usize, isDouble: bool, n: i32, d: i32, mean: usize): void {
  memory.fill(mean, 0, <usize>d * DOUBLE);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      const value = isDouble ? load<f64>(x) : <f64>load<f32>(x);
      x += isDouble ? 8 : 4;
      const at = mean + <usize>j * DOUBLE;
      store<f64>(at, load<f64>(at) + value);
    }
  }
  const scale = 1.0 / <f64>n;
  for (let j = 0; j < d; j++) {
    const at = mean + <usize>j * DOUBLE;
    store<f64>(at, load<f64>(at) * scale);
  }
}

// @ts-ignore: decorator
@inline
function loadTwo(x: usize, isDouble: bool): v128 {
  return isDouble ? v128.load(x) : f64x2.promote_low_f32x4(v128.load64_zero(x));
}

/** Packs weight * (x - mean) as panels [n][WIDTH], filled up with zero columns; `mean` and `weights` 0 mean none. */
function packPanels(x: usize, isDouble: bool, n: i32, d: i32, mean: usize, weights: usize, out: usize): void {
  const size: usize = isDouble ? 8 : 4;
  const stride = <usize>d * size;
  const step = <usize>WIDTH * DOUBLE;
  for (let j = 0; j < d; j += WIDTH) {
    const columns = min(WIDTH, d - j);
    const from = x + <usize>j * size;
    if (columns == WIDTH) {
      const shift = mean == 0 ? f64x2.splat(0) : v128.load(mean + <usize>j * DOUBLE);
      const shiftRest = mean == 0 ? f64x2.splat(0) : v128.load(mean + <usize>j * DOUBLE, 16);
      for (let i = 0; i < n; i++, out += step) {
        const at = from + <usize>i * stride;
        let low = f64x2.sub(loadTwo(at, isDouble), shift);
        let high = f64x2.sub(loadTwo(at + 2 * size, isDouble), shiftRest);
        if (weights != 0) {
          const weight = v128.load64_splat(weights + <usize>i * DOUBLE);
          low = f64x2.mul(low, weight);
          high = f64x2.mul(high, weight);
        }
        v128.store(out, low);
        v128.store(out, high, 16);
      }
    } else {
      for (let i = 0; i < n; i++, out += step) {
        const at = from + <usize>i * stride;
        const weight = weights == 0 ? 1 : load<f64>(weights + <usize>i * DOUBLE);
        for (let c = 0; c < WIDTH; c++) {
          let value: f64 = 0;
          if (c < columns) {
            value = isDouble ? load<f64>(at + <usize>c * size) : <f64>load<f32>(at + <usize>c * size);
            if (mean != 0) value -= load<f64>(mean + <usize>(j + c) * DOUBLE);
          }
          store<f64>(out + <usize>c * DOUBLE, value * weight);
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function addTwo(to: usize, value: v128): void {
  v128.store(to, f64x2.add(v128.load(to), value));
}

/** C (4x4, rows `ldc` bytes apart) += A^T B for packed panels A and B of n rows. */
export function tile(n: i32, a: usize, b: usize, c: usize, ldc: usize): void {
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
  const end = b + <usize>(n * WIDTH) * DOUBLE;
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
  addTwo(c, c00); addTwo(c + 16, c01);
  c += ldc;
  addTwo(c, c10); addTwo(c + 16, c11);
  c += ldc;
  addTwo(c, c20); addTwo(c + 16, c21);
  c += ldc;
  addTwo(c, c30); addTwo(c + 16, c31);
}

/** Bytes of scratch memory that `gram` needs for n rows of d columns. */
export function gramScratchBytes(n: i32, d: i32, isWeighted: bool): i32 {
  const padded = (d + WIDTH - 1) / WIDTH * WIDTH;
  return n * padded * 8 * (isWeighted ? 2 : 1);
}

/**
 * Lower triangle of C += (x - mean)^T diag(weights) (x - mean) for x [n, d] (float32, or float64 where `isDouble`).
 * C has `padded` = d rounded up to a multiple of 4 rows and columns; above its diagonal something undefined is added.
 */
export function gram(x: usize, isDouble: bool, n: i32, d: i32, mean: usize, weights: usize, c: usize, scratch: usize): void {
  const panels = (d + WIDTH - 1) / WIDTH;
  const panelBytes = <usize>(n * WIDTH) * DOUBLE;
  const ldc = <usize>(panels * WIDTH) * DOUBLE;
  packPanels(x, isDouble, n, d, mean, 0, scratch);
  let left = scratch;
  if (weights != 0) {
    left = scratch + <usize>panels * panelBytes;
    packPanels(x, isDouble, n, d, mean, weights, left);
  }
  for (let group = 0; group < panels; group += GROUP) {
    const end = min(group + GROUP, panels);
    for (let j = 0; j < end; j++) {
      for (let i = max(group, j); i < end; i++) {
        const to = c + <usize>(i * WIDTH) * ldc + <usize>(j * WIDTH) * DOUBLE;
        tile(n, left + <usize>i * panelBytes, scratch + <usize>j * panelBytes, to, ldc);
      }
    }
  }
}
