import { DOUBLE } from './arithmetic';
import { COLUMNS, ROWS, SQUARE, tile } from './tile';
import { share } from '../share';

// A gram matrix C [d, d] is kept as its lower triangle of squares of 12 x 12, row by row, each of six tiles of 6 x 4: the upper
// and lower one of the first four columns, then of the next. What is beyond d is zero, and above the diagonal undefined.

/** Doubles of a square. */
const SQUARE_SIZE: i32 = SQUARE * SQUARE;
export const TILE_BYTES: usize = <usize>(ROWS * COLUMNS) * DOUBLE;

// @ts-ignore: decorator
@inline
export function squaresOf(d: i32): i32 {
  return (d + SQUARE - 1) / SQUARE;
}

/** Address of the square in row i and column j <= i of squares. */
// @ts-ignore: decorator
@inline
export function squareAt(c: usize, i: i32, j: i32): usize {
  return c + <usize>(i * (i + 1) / 2 + j) * <usize>SQUARE_SIZE * DOUBLE;
}

/** Doubles that a gram matrix of d columns takes. */
export function gramDoubles(d: i32): i32 {
  const squares = squaresOf(d);
  return squares * (squares + 1) / 2 * SQUARE_SIZE;
}

/** Doubles that n packed rows of d columns take, as left or as right factor. */
export function packedDoubles(n: i32, d: i32): i32 {
  return n * squaresOf(d) * SQUARE;
}

// @ts-ignore: decorator
@inline
function valueAt(x: usize, isDouble: bool, index: i32): f64 {
  return isDouble ? load<f64>(x + <usize>index * 8) : <f64>load<f32>(x + <usize>index * 4);
}

// @ts-ignore: decorator
@inline
function twoAt(x: usize, isDouble: bool): v128 {
  return isDouble ? v128.load(x) : f64x2.promote_low_f32x4(v128.load64_zero(x));
}

/** Means over n > 0 rows, `stride` bytes apart, of `columns` columns. */
export function means(x: usize, isDouble: bool, stride: usize, n: i32, columns: i32, mean: usize): void {
  memory.fill(mean, 0, <usize>columns * DOUBLE);
  const end = x + <usize>n * stride;
  for (; x < end; x += stride) {
    for (let j = 0; j < columns; j++) {
      const at = mean + <usize>j * DOUBLE;
      store<f64>(at, load<f64>(at) + valueAt(x, isDouble, j));
    }
  }
  const scale = 1.0 / <f64>n;
  for (let j = 0; j < columns; j++) {
    const at = mean + <usize>j * DOUBLE;
    store<f64>(at, load<f64>(at) * scale);
  }
}

/** As `means`, of twelve columns. */
export function twelveMeans(x: usize, isDouble: bool, stride: usize, n: i32, mean: usize): void {
  const two: usize = isDouble ? 16 : 8;
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0), s4 = f64x2.splat(0), s5 = f64x2.splat(0);
  const end = x + <usize>n * stride;
  for (; x < end; x += stride) {
    s0 = f64x2.add(s0, twoAt(x, isDouble));
    s1 = f64x2.add(s1, twoAt(x + two, isDouble));
    s2 = f64x2.add(s2, twoAt(x + 2 * two, isDouble));
    s3 = f64x2.add(s3, twoAt(x + 3 * two, isDouble));
    s4 = f64x2.add(s4, twoAt(x + 4 * two, isDouble));
    s5 = f64x2.add(s5, twoAt(x + 5 * two, isDouble));
  }
  const scale = f64x2.splat(1.0 / <f64>n);
  v128.store(mean, f64x2.mul(s0, scale));
  v128.store(mean, f64x2.mul(s1, scale), 16);
  v128.store(mean, f64x2.mul(s2, scale), 32);
  v128.store(mean, f64x2.mul(s3, scale), 48);
  v128.store(mean, f64x2.mul(s4, scale), 64);
  v128.store(mean, f64x2.mul(s5, scale), 80);
}

/** Stores one packed row of twelve values: left panels are `leftPanel` bytes apart, right ones `rightPanel`. */
// @ts-ignore: decorator
@inline
function storeTwelve(
  left: usize, leftPanel: usize, right: usize, rightPanel: usize, weight: v128,
  v0: v128, v1: v128, v2: v128, v3: v128, v4: v128, v5: v128,
): void {
  v128.store(left, f64x2.mul(weight, v0));
  v128.store(left, f64x2.mul(weight, v1), 16);
  v128.store(left, f64x2.mul(weight, v2), 32);
  left += leftPanel;
  v128.store(left, f64x2.mul(weight, v3));
  v128.store(left, f64x2.mul(weight, v4), 16);
  v128.store(left, f64x2.mul(weight, v5), 32);
  v128.store(right, v0);
  v128.store(right, v1, 16);
  right += rightPanel;
  v128.store(right, v2);
  v128.store(right, v3, 16);
  right += rightPanel;
  v128.store(right, v4);
  v128.store(right, v5, 16);
}

/** One packed row of up to twelve values, filled up with zeros: scale * (x - mean), on the left times `weight`. */
function packRow(
  x: usize, isDouble: bool, columns: i32, mean: usize, scale: f64, weight: f64,
  left: usize, leftPanel: usize, right: usize, rightPanel: usize,
): void {
  for (let j = 0; j < SQUARE; j++) {
    let value: f64 = 0;
    if (j < columns) value = scale * (valueAt(x, isDouble, j) - load<f64>(mean + <usize>j * DOUBLE));
    store<f64>(left + <usize>(j / ROWS) * leftPanel + <usize>(j % ROWS) * DOUBLE, value * weight);
    store<f64>(right + <usize>(j / COLUMNS) * rightPanel + <usize>(j % COLUMNS) * DOUBLE, value);
  }
}

/**
 * Packs x - mean for x [n, d] (float32, or float64 where `isDouble`) for `gramTiles`: as left factor, there times `weights` (0
 * means all 1), in panels of six columns, as right factor in panels of four. With `isCentred` `mean` [d] is given, else it is
 * set to the rows' mean. Where `running` is not 0, one more row follows, `root` * (mean - running): what merging with rows of
 * the mean `running` adds to the gram matrix. In parts by columns.
 */
export function gramPack(
  part: i32, _thread: i32, parts: i32, x: usize, isDouble: bool, n: i32, d: i32, isCentred: bool, mean: usize,
  weights: usize, running: usize, root: f64, left: usize, right: usize,
): void {
  const size: usize = isDouble ? 8 : 4;
  const stride = <usize>d * size;
  const rows = running == 0 ? n : n + 1;
  const leftPanel = <usize>(rows * ROWS) * DOUBLE;
  const rightPanel = <usize>(rows * COLUMNS) * DOUBLE;
  const squares = squaresOf(d);
  const end = share(squares, part + 1, parts);
  for (let square = share(squares, part, parts); square < end; square++) {
    const first = square * SQUARE;
    const columns = min(SQUARE, d - first);
    const center = mean + <usize>first * DOUBLE;
    let from = x + <usize>first * size;
    let toLeft = left + <usize>(first * rows) * DOUBLE;
    let toRight = right + <usize>(first * rows) * DOUBLE;
    if (!isCentred) {
      if (columns == SQUARE) twelveMeans(from, isDouble, stride, n, center);
      else means(from, isDouble, stride, n, columns, center);
    }
    if (columns == SQUARE) {
      const m0 = v128.load(center), m1 = v128.load(center, 16), m2 = v128.load(center, 32);
      const m3 = v128.load(center, 48), m4 = v128.load(center, 64), m5 = v128.load(center, 80);
      let weight = f64x2.splat(1);
      for (let i = 0; i < n; i++, from += stride, toLeft += 48, toRight += 32) {
        if (weights != 0) weight = v128.load64_splat(weights + <usize>i * DOUBLE);
        storeTwelve(
          toLeft, leftPanel, toRight, rightPanel, weight,
          f64x2.sub(twoAt(from, isDouble), m0),
          f64x2.sub(twoAt(from + 2 * size, isDouble), m1),
          f64x2.sub(twoAt(from + 4 * size, isDouble), m2),
          f64x2.sub(twoAt(from + 6 * size, isDouble), m3),
          f64x2.sub(twoAt(from + 8 * size, isDouble), m4),
          f64x2.sub(twoAt(from + 10 * size, isDouble), m5),
        );
      }
    } else {
      for (let i = 0; i < n; i++, from += stride, toLeft += 48, toRight += 32) {
        const weight = weights == 0 ? 1 : load<f64>(weights + <usize>i * DOUBLE);
        packRow(from, isDouble, columns, center, 1, weight, toLeft, leftPanel, toRight, rightPanel);
      }
    }
    if (running != 0)
      packRow(center, true, columns, running + <usize>first * DOUBLE, root, 1, toLeft, leftPanel, toRight, rightPanel);
  }
}

/** C += left^T right of `rows` packed rows of d columns. In parts by squares. */
export function gramTiles(part: i32, _thread: i32, parts: i32, rows: i32, d: i32, left: usize, right: usize, c: usize): void {
  const squares = squaresOf(d);
  const total = squares * (squares + 1) / 2;
  const end = share(total, part + 1, parts);
  let at = share(total, part, parts);
  let i = 0;
  while ((i + 1) * (i + 2) / 2 <= at) i++;
  let j = at - i * (i + 1) / 2;
  const squareBytes = <usize>(rows * SQUARE) * DOUBLE;
  const leftPanel = <usize>(rows * ROWS) * DOUBLE;
  const rightPanel = <usize>(rows * COLUMNS) * DOUBLE;
  const step = <usize>COLUMNS * DOUBLE;
  for (; at < end; at++) {
    const a = left + <usize>i * squareBytes;
    let b = right + <usize>j * squareBytes;
    let to = squareAt(c, i, j);
    for (let third = 0; third < 3; third++, b += rightPanel, to += 2 * TILE_BYTES) {
      tile(rows, a, b, to, step);
      tile(rows, a + leftPanel, b, to + TILE_BYTES, step);
    }
    if (++j > i) {
      i++;
      j = 0;
    }
  }
}

/** Where the element in row r and column s of a square lies, in bytes. */
// @ts-ignore: decorator
@inline
function inSquare(r: i32, s: i32): usize {
  return <usize>(s / COLUMNS * 2 + r / ROWS) * TILE_BYTES + <usize>(r % ROWS * COLUMNS + s % COLUMNS) * DOUBLE;
}

/** Rows `first` to `first + count` of the whole symmetric matrix, times `scale`, into out [count, d]. In parts by rows. */
export function gramRows(
  part: i32, _thread: i32, parts: i32, c: usize, d: i32, scale: f64, first: i32, count: i32, out: usize,
): void {
  const end = share(count, part + 1, parts);
  for (let row = share(count, part, parts); row < end; row++) {
    const i = first + row;
    const to = out + <usize>row * <usize>d * DOUBLE;
    for (let j = 0; j < d; j++) {
      const low = max(i, j), high = min(i, j);
      const square = squareAt(c, low / SQUARE, high / SQUARE);
      store<f64>(to + <usize>j * DOUBLE, scale * load<f64>(square + inSquare(low % SQUARE, high % SQUARE)));
    }
  }
}
