import { share } from '../share';

const WORD: usize = 4;

/** Puts a key into the sorted `keys` [k] and its index into `indices`; the last of them falls out. */
function insert(keys: usize, indices: usize, k: i32, key: f32, index: i32): void {
  let place = <usize>(k - 1) * WORD;
  for (; place > 0 && load<f32>(keys + place - WORD) > key; place -= WORD) {
    store<f32>(keys + place, load<f32>(keys + place - WORD));
    store<i32>(indices + place, load<i32>(indices + place - WORD));
  }
  store<f32>(keys + place, key);
  store<i32>(indices + place, index);
}

/**
 * Takes what is nearer than the furthest kept into `keys` and `indices` [m, k], each row sorted: key j of row i is
 * halves_j - products_ij for products [m, n], its index start + j. What is in column i + leftOut is left out. In parts by rows.
 */
export function keepNearest(
  part: i32, _thread: i32, parts: i32, products: usize, m: i32, n: i32, halves: usize, start: i32, leftOut: i32,
  k: i32, keys: usize, indices: usize,
): void {
  const last = share(m, part + 1, parts);
  const kept = <usize>k * WORD;
  for (let row = share(m, part, parts); row < last; row++) {
    const x = products + <usize>row * <usize>n * WORD;
    const rowKeys = keys + <usize>row * kept;
    const rowIndices = indices + <usize>row * kept;
    const furthestAt = rowKeys + kept - WORD;
    let furthest = f32x4.splat(load<f32>(furthestAt));
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j * WORD;
      if (j + 4 <= n && !v128.any_true(f32x4.lt(f32x4.sub(v128.load(halves + at), v128.load(x + at)), furthest))) continue;
      const end = min(n, j + 4);
      for (let column = j; column < end; column++) {
        const key = load<f32>(halves + <usize>column * WORD) - load<f32>(x + <usize>column * WORD);
        if (key < load<f32>(furthestAt) && column != row + leftOut) insert(rowKeys, rowIndices, k, key, start + column);
      }
      furthest = f32x4.splat(load<f32>(furthestAt));
    }
  }
}
