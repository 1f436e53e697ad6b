import { DOUBLE } from './arithmetic';
import { means, squareAt, squaresOf, TILE_BYTES, twelveMeans } from './gram';
import { COLUMNS, ROWS, SQUARE } from './tile';
import { share } from '../share';

// A gram matrix, as in `gram.ts`, of numbers that were stored in 16 bits or fewer: products are summed up in float32 over runs of
// rows, and these sums in float64.

const FLOAT: usize = 4;
/** Rows whose products are summed up in float32: twice as many double the largest error and were no faster. */
const RUN: i32 = 64;
/** Columns of a right panel: two tiles of the gram matrix side by side. */
const PAIR: i32 = 2 * COLUMNS;
/** Bytes that each part of `halfPack` works with: the largest deviations of twelve columns, and whether all were in range. */
const PART_BYTES: i32 = 64;
/** Deviations outside of these would leave the range of float32 as products. */
const LEAST: f32 = 8.673617379884035e-19; // 2^-60
const MOST: f32 = 7.205759403792794e16; // 2^56
/** Deviations below this share of the mean are none: float32 has no neighbours so close. */
const ROUNDING: f64 = 9.094947017729282e-13; // 2^-40

/** Floats that n packed rows of d columns take, as left or right factor. */
export function halfFloats(n: i32, d: i32): i32 {
  return n * (squaresOf(d) * SQUARE + COLUMNS);
}

/** Bytes of scratch memory that `halfPack` needs for so many parts. */
export function halfPackBytes(parts: i32): i32 {
  return parts * PART_BYTES;
}

/** Whether all of the parts found deviations in range. */
export function halfIsFit(parts: i32, scratch: usize): bool {
  for (let part = 0; part < parts; part++)
    if (load<i32>(scratch + <usize>(part * PART_BYTES + SQUARE * 4)) != 0) return false;
  return true;
}

// @ts-ignore: decorator
@inline
function packOne(value: f32, j: i32, left: usize, leftPanel: usize, right: usize, largest: usize): void {
  store<f32>(left + <usize>(j / ROWS) * leftPanel + <usize>(j % ROWS) * FLOAT, value);
  store<f32>(right, value);
  const at = largest + <usize>j * FLOAT;
  store<f32>(at, max<f32>(load<f32>(at), abs<f32>(value)));
}

/** Address of group `group` of four columns in the right factor. */
// @ts-ignore: decorator
@inline
function groupAt(right: usize, group: i32, rightPanel: usize): usize {
  return right + <usize>(group >> 1) * rightPanel + <usize>((group & 1) * COLUMNS) * FLOAT;
}

/** Four deviations from means, rounded once. */
// @ts-ignore: decorator
@inline
function fourOf(x: usize, low: v128, high: v128): v128 {
  const values = v128.load(x);
  const a = f32x4.demote_f64x2_zero(f64x2.sub(f64x2.promote_low_f32x4(values), low));
  const b = f32x4.demote_f64x2_zero(f64x2.sub(f64x2.promote_low_f32x4(v128.shuffle<f64>(values, values, 1, 1)), high));
  return v128.shuffle<f64>(a, b, 0, 2);
}

/**
 * Packs x - mean for x [n, d] (float32) for `halfTiles` and sets `mean` [d] to the rows' mean: as left factor in panels of six
 * columns, as right factor in panels of eight. Where `running` is not 0, one more row follows, as in `gramPack`. Notes in
 * `scratch` whether the deviations are in the range that `halfTiles` takes. In parts by columns.
 */
export function halfPack(
  part: i32, _thread: i32, parts: i32, x: usize, n: i32, d: i32, mean: usize, running: usize, root: f64,
  left: usize, right: usize, scratch: usize,
): void {
  const stride = <usize>d * FLOAT;
  const rows = running == 0 ? n : n + 1;
  const leftPanel = <usize>(rows * ROWS) * FLOAT;
  const rightPanel = <usize>(rows * PAIR) * FLOAT;
  const leftStep = <usize>ROWS * FLOAT;
  const rightStep = <usize>PAIR * FLOAT;
  const largest = scratch + <usize>(part * PART_BYTES);
  let isUnfit = 0;
  const squares = squaresOf(d);
  const end = share(squares, part + 1, parts);
  for (let square = share(squares, part, parts); square < end; square++) {
    const first = square * SQUARE;
    const columns = min(SQUARE, d - first);
    const center = mean + <usize>first * DOUBLE;
    let from = x + <usize>first * FLOAT;
    let toLeft = left + <usize>(first * rows) * FLOAT;
    const right0 = groupAt(right, 3 * square, rightPanel);
    const right1 = groupAt(right, 3 * square + 1, rightPanel);
    const right2 = groupAt(right, 3 * square + 2, rightPanel);
    let offset: usize = 0;
    if (columns == SQUARE) {
      twelveMeans(from, false, stride, n, center);
      const m0 = v128.load(center), m1 = v128.load(center, 16), m2 = v128.load(center, 32);
      const m3 = v128.load(center, 48), m4 = v128.load(center, 64), m5 = v128.load(center, 80);
      let l0 = f32x4.splat(0), l1 = f32x4.splat(0), l2 = f32x4.splat(0);
      for (let i = 0; i < n; i++, from += stride, toLeft += leftStep, offset += rightStep) {
        const v0 = fourOf(from, m0, m1);
        const v1 = fourOf(from + 16, m2, m3);
        const v2 = fourOf(from + 32, m4, m5);
        v128.store(toLeft, v0);
        v128.store64_lane(toLeft + 16, v1, 0);
        v128.store64_lane(toLeft + leftPanel, v1, 1);
        v128.store(toLeft + leftPanel + 8, v2);
        v128.store(right0 + offset, v0);
        v128.store(right1 + offset, v1);
        v128.store(right2 + offset, v2);
        l0 = f32x4.max(l0, f32x4.abs(v0));
        l1 = f32x4.max(l1, f32x4.abs(v1));
        l2 = f32x4.max(l2, f32x4.abs(v2));
      }
      v128.store(largest, l0);
      v128.store(largest, l1, 16);
      v128.store(largest, l2, 32);
    } else {
      means(from, false, stride, n, columns, center);
      memory.fill(largest, 0, <usize>SQUARE * FLOAT);
      for (let i = 0; i < n; i++, from += stride, toLeft += leftStep, offset += rightStep) {
        for (let j = 0; j < SQUARE; j++) {
          let value: f32 = 0;
          if (j < columns)
            value = <f32>(<f64>load<f32>(from + <usize>j * FLOAT) - load<f64>(center + <usize>j * DOUBLE));
          const to = groupAt(right, 3 * square + j / COLUMNS, rightPanel) + offset + <usize>(j % COLUMNS) * FLOAT;
          packOne(value, j, toLeft, leftPanel, to, largest);
        }
      }
    }
    if (running != 0) {
      const before = running + <usize>first * DOUBLE;
      for (let j = 0; j < SQUARE; j++) {
        const at = <usize>j * DOUBLE;
        const value: f32 = j < columns ? <f32>(root * (load<f64>(center + at) - load<f64>(before + at))) : 0;
        const to = groupAt(right, 3 * square + j / COLUMNS, rightPanel) + offset + <usize>(j % COLUMNS) * FLOAT;
        packOne(value, j, toLeft, leftPanel, to, largest);
      }
    }
    for (let j = 0; j < columns; j++) {
      const most = load<f32>(largest + <usize>j * FLOAT);
      const isNone = <f64>most <= ROUNDING * abs(load<f64>(center + <usize>j * DOUBLE));
      // Of NaN neither holds.
      if (!(isNone || most >= LEAST) || !(most <= MOST)) isUnfit = 1;
    }
  }
  store<i32>(largest + <usize>SQUARE * FLOAT, isUnfit);
}

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
function addFour(to: usize, values: v128): void {
  const high = v128.shuffle<f64>(values, values, 1, 1);
  v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(values)));
  v128.store(to, f64x2.add(v128.load(to, 16), f64x2.promote_low_f32x4(high)), 16);
}

/** Two tiles of 6 x 4 += A B for packed panels A [n][6] and B [n][8]; `second` 0 leaves the second one out. */
function tiles(n: i32, a: usize, b: usize, first: usize, second: usize): void {
  const last = b + <usize>(n * PAIR) * FLOAT;
  while (b < last) {
    // A single row, which merges the others with those before, goes with the run before it.
    const end = last - b <= <usize>((RUN + 1) * PAIR) * FLOAT ? last : b + <usize>(RUN * PAIR) * FLOAT;
    let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
    let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
    let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
    let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
    let c40 = f32x4.splat(0), c41 = f32x4.splat(0);
    let c50 = f32x4.splat(0), c51 = f32x4.splat(0);
    for (; b < end; a += 24, b += 32) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let s = v128.load32_splat(a);
      c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
      s = v128.load32_splat(a, 4);
      c10 = madd(s, b0, c10); c11 = madd(s, b1, c11);
      s = v128.load32_splat(a, 8);
      c20 = madd(s, b0, c20); c21 = madd(s, b1, c21);
      s = v128.load32_splat(a, 12);
      c30 = madd(s, b0, c30); c31 = madd(s, b1, c31);
      s = v128.load32_splat(a, 16);
      c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
      s = v128.load32_splat(a, 20);
      c50 = madd(s, b0, c50); c51 = madd(s, b1, c51);
    }
    addFour(first, c00);
    addFour(first + 32, c10);
    addFour(first + 64, c20);
    addFour(first + 96, c30);
    addFour(first + 128, c40);
    addFour(first + 160, c50);
    if (second == 0) continue;
    addFour(second, c01);
    addFour(second + 32, c11);
    addFour(second + 64, c21);
    addFour(second + 96, c31);
    addFour(second + 128, c41);
    addFour(second + 160, c51);
  }
}

/** Pairs of groups of four columns that row i of squares has up to the diagonal. */
// @ts-ignore: decorator
@inline
function pairsOf(i: i32): i32 {
  return (3 * (i + 1) + 1) / 2;
}

/** Address of the upper tile of six rows in row i of squares and group `group` of four columns. */
// @ts-ignore: decorator
@inline
function tileAt(c: usize, i: i32, group: i32): usize {
  return squareAt(c, i, group / 3) + <usize>(group % 3) * 2 * TILE_BYTES;
}

/** C += left^T right of `rows` packed rows of d columns. In parts by tiles. */
export function halfTiles(part: i32, _thread: i32, parts: i32, rows: i32, d: i32, left: usize, right: usize, c: usize): void {
  const squares = squaresOf(d);
  let total = 0;
  for (let i = 0; i < squares; i++) total += pairsOf(i);
  const end = share(total, part + 1, parts);
  let at = share(total, part, parts);
  let i = 0;
  let pair = at;
  while (i < squares && pair >= pairsOf(i)) pair -= pairsOf(i++);
  const leftPanel = <usize>(rows * ROWS) * FLOAT;
  const rightPanel = <usize>(rows * PAIR) * FLOAT;
  for (; at < end; at++) {
    const a = left + <usize>(2 * i) * leftPanel;
    const b = right + <usize>pair * rightPanel;
    const first = tileAt(c, i, 2 * pair);
    const isOver = 2 * pair + 1 >= 3 * (i + 1);
    const second = isOver ? 0 : tileAt(c, i, 2 * pair + 1);
    tiles(rows, a, b, first, second);
    tiles(rows, a + leftPanel, b, first + TILE_BYTES, isOver ? 0 : second + TILE_BYTES);
    if (++pair == pairsOf(i)) {
      i++;
      pair = 0;
    }
  }
}
