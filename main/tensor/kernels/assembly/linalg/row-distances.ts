import { share } from '../share';
import { DOUBLE } from './arithmetic';

const WORD: usize = 4;

/** The upper two of four float32, as float64. */
// @ts-ignore: decorator
@inline
function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
}

/** |a - b|^2 of d float32 each, in float64: four sums, of every fourth term, added in pairs. No term is rounded with its sum. */
function squaredDistance(a: usize, b: usize, d: i32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const whole = a + <usize>(d & ~3) * WORD;
  const end = a + <usize>d * WORD;
  for (; a < whole; a += 16, b += 16) {
    const p = v128.load(a);
    const q = v128.load(b);
    const l = f64x2.sub(f64x2.promote_low_f32x4(p), f64x2.promote_low_f32x4(q));
    const h = f64x2.sub(promoteHigh(p), promoteHigh(q));
    low = f64x2.add(low, f64x2.mul(l, l));
    high = f64x2.add(high, f64x2.mul(h, h));
  }
  let first = f64x2.extract_lane(low, 0);
  for (; a < end; a += WORD, b += WORD) {
    const difference = <f64>load<f32>(a) - <f64>load<f32>(b);
    first += difference * difference;
  }
  return first + f64x2.extract_lane(low, 1) + (f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1));
}

/**
 * Euclidean distances of queries [m, d] to the references that `found` [m, k] names by their numbers, into out [m, k], of
 * those that lie in `references`: numbers `start` to `end` - 1. In parts by queries.
 */
export function rowDistances(
  part: i32, _thread: i32, parts: i32, queries: usize, m: i32, d: i32, found: usize, k: i32,
  references: usize, start: i32, end: i32, out: usize,
): void {
  const rowBytes = <usize>d * WORD;
  const last = share(m, part + 1, parts);
  for (let row = share(m, part, parts); row < last; row++) {
    const query = queries + <usize>row * rowBytes;
    for (let at = row * k; at < (row + 1) * k; at++) {
      const reference = load<i32>(found + <usize>at * WORD);
      if (reference < start || reference >= end) continue;
      const distance = sqrt<f64>(squaredDistance(query, references + <usize>(reference - start) * rowBytes, d));
      store<f64>(out + <usize>at * DOUBLE, distance);
    }
  }
}
