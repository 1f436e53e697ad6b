// Blocked, packed single-precision matrix product after K. Goto and R. van de Geijn, "Anatomy of High-Performance
// Matrix Multiplication" (2008). Sixteen 128-bit registers hold a tile of C: 6x8 with fused multiply-add, 4x8 without
// (there a product needs a register of its own before it is added).

import { share } from '../share';

const MR: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
const NR: i32 = 8;
/** Depth of a block: a packed panel of B (KC x NR, 12 KiB) stays in the level 1 cache. */
const KC: i32 = 384;
/** Rows of a block of A (144 KiB packed), a multiple of both tile heights: stays in the level 2 cache. */
const MC: i32 = 96;
/** Columns of a block of B (768 KiB packed). */
const NC: i32 = 512;

const FLOAT: usize = 4;
const TILE_BYTES: usize = <usize>(6 * 8) * FLOAT;

export const ACTIVATION_NONE: i32 = 0;
export const ACTIVATION_RELU: i32 = 1;
export const ACTIVATION_RELU6: i32 = 2;

/** Bytes of scratch memory that `sgemm` needs. */
export function sgemmScratchBytes(): i32 {
  // A whole number of cache lines, so that no two threads write to one.
  return <i32>((<usize>(KC * (MC + NC)) * FLOAT + TILE_BYTES + 16 + 127) & ~(<usize>63));
}

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
function finish(value: v128, c: usize, accumulate: bool, bias: usize, activation: i32): void {
  if (accumulate) value = f32x4.add(value, v128.load(c));
  if (bias != 0) value = f32x4.add(value, v128.load(bias));
  if (activation != ACTIVATION_NONE) {
    value = f32x4.max(value, f32x4.splat(0));
    if (activation == ACTIVATION_RELU6) value = f32x4.min(value, f32x4.splat(6));
  }
  v128.store(c, value);
}

/** A 6x8 tile: C = [C +] A B [+ bias], A packed [k][6], B packed [k][8], rows of C `ldc` bytes apart. */
function tile6x8(k: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool, bias: usize, activation: i32): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0), c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0), c51 = f32x4.splat(0);
  const end = b + (<usize>k << 5);
  while (b < end) {
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
    a += 24;
    b += 32;
  }
  const bias1 = bias == 0 ? 0 : bias + 16;
  finish(c00, c, accumulate, bias, activation); finish(c01, c + 16, accumulate, bias1, activation);
  c += ldc;
  finish(c10, c, accumulate, bias, activation); finish(c11, c + 16, accumulate, bias1, activation);
  c += ldc;
  finish(c20, c, accumulate, bias, activation); finish(c21, c + 16, accumulate, bias1, activation);
  c += ldc;
  finish(c30, c, accumulate, bias, activation); finish(c31, c + 16, accumulate, bias1, activation);
  c += ldc;
  finish(c40, c, accumulate, bias, activation); finish(c41, c + 16, accumulate, bias1, activation);
  c += ldc;
  finish(c50, c, accumulate, bias, activation); finish(c51, c + 16, accumulate, bias1, activation);
}

/** A 4x8 tile, otherwise as `tile6x8`. */
function tile4x8(k: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool, bias: usize, activation: i32): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  const end = b + (<usize>k << 5);
  while (b < end) {
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
    a += 16;
    b += 32;
  }
  const bias1 = bias == 0 ? 0 : bias + 16;
  finish(c00, c, accumulate, bias, activation); finish(c01, c + 16, accumulate, bias1, activation);
  c += ldc;
  finish(c10, c, accumulate, bias, activation); finish(c11, c + 16, accumulate, bias1, activation);
  c += ldc;
  finish(c20, c, accumulate, bias, activation); finish(c21, c + 16, accumulate, bias1, activation);
  c += ldc;
  finish(c30, c, accumulate, bias, activation); finish(c31, c + 16, accumulate, bias1, activation);
}

// @ts-ignore: decorator
@inline
function tile(k: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool, bias: usize, activation: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) tile6x8(k, a, b, c, ldc, accumulate, bias, activation);
  else tile4x8(k, a, b, c, ldc, accumulate, bias, activation);
}

/** Four rows of four columns each, written as four columns `step` bytes apart. */
// @ts-ignore: decorator
@inline
function transpose4(r0: v128, r1: v128, r2: v128, r3: v128, out: usize, step: usize): void {
  const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f64>(t0, t2, 0, 2));
  v128.store(out + step, v128.shuffle<f64>(t0, t2, 1, 3));
  v128.store(out + 2 * step, v128.shuffle<f64>(t1, t3, 0, 2));
  v128.store(out + 3 * step, v128.shuffle<f64>(t1, t3, 1, 3));
}

/**
 * Packs `rows` (1 to `width`) rows of `k` floats, `stride` bytes apart, as [k][width]. Where rows are missing the last
 * one stands in: a row of the product depends on its own row alone, and the surplus is not copied out.
 */
function packRows(source: usize, stride: usize, rows: i32, k: i32, out: usize, width: i32): void {
  const step = <usize>width * FLOAT;
  const last = rows - 1;
  for (let group = 0; group < width; group += 4) {
    const r0 = source + <usize>min(group, last) * stride;
    const r1 = source + <usize>min(group + 1, last) * stride;
    let to = out + <usize>group * FLOAT;
    let at: usize = 0;
    const whole = <usize>(k & ~3) * FLOAT;
    const end = <usize>k * FLOAT;
    if (width - group >= 4) {
      const r2 = source + <usize>min(group + 2, last) * stride;
      const r3 = source + <usize>min(group + 3, last) * stride;
      for (; at < whole; at += 16, to += 4 * step)
        transpose4(v128.load(r0 + at), v128.load(r1 + at), v128.load(r2 + at), v128.load(r3 + at), to, step);
      for (; at < end; at += FLOAT, to += step) {
        store<f32>(to, load<f32>(r0 + at));
        store<f32>(to, load<f32>(r1 + at), 4);
        store<f32>(to, load<f32>(r2 + at), 8);
        store<f32>(to, load<f32>(r3 + at), 12);
      }
    } else {
      for (; at < whole; at += 16, to += 4 * step) {
        const p = v128.load(r0 + at);
        const q = v128.load(r1 + at);
        const low = v128.shuffle<f32>(p, q, 0, 4, 1, 5);
        const high = v128.shuffle<f32>(p, q, 2, 6, 3, 7);
        v128.store64_lane(to, low, 0);
        v128.store64_lane(to + step, low, 1);
        v128.store64_lane(to + 2 * step, high, 0);
        v128.store64_lane(to + 3 * step, high, 1);
      }
      for (; at < end; at += FLOAT, to += step) {
        store<f32>(to, load<f32>(r0 + at));
        store<f32>(to, load<f32>(r1 + at), 4);
      }
    }
  }
}

/** Packs `columns` (1 to `width`) neighbouring columns of `k` rows, `stride` bytes apart, as [k][width], zero-filled. */
function packColumns(source: usize, stride: usize, columns: i32, k: i32, out: usize, width: i32): void {
  const step = <usize>width * FLOAT;
  const end = out + <usize>k * step;
  if (columns == width && width == 8) {
    for (; out < end; out += step, source += stride) {
      v128.store(out, v128.load(source));
      v128.store(out, v128.load(source, 16), 16);
    }
  } else if (columns == width && width == 6) {
    for (; out < end; out += step, source += stride) {
      v128.store(out, v128.load(source));
      store<u64>(out, load<u64>(source, 16), 16);
    }
  } else if (columns == width) {
    for (; out < end; out += step, source += stride) v128.store(out, v128.load(source));
  } else {
    for (; out < end; out += step, source += stride)
      for (let j = 0; j < width; j++)
        store<f32>(out + <usize>j * FLOAT, j < columns ? load<f32>(source + <usize>j * FLOAT) : 0);
  }
}

/** A tile that is cut off by the edge of C: worked out in scratch memory, then its valid part copied. */
function edgeTile(
  rows: i32, columns: i32, k: i32, a: usize, b: usize, c: usize, ldc: usize,
  accumulate: bool, bias: usize, activation: i32, scratch: usize,
): void {
  const step = <usize>NR * FLOAT;
  tile(k, a, b, scratch, step, false, 0, ACTIVATION_NONE);
  for (let i = 0; i < rows; i++) {
    const from = scratch + <usize>i * step;
    const to = c + <usize>i * ldc;
    for (let j = 0; j < columns; j++) {
      const offset = <usize>j * FLOAT;
      let value = load<f32>(from + offset);
      if (accumulate) value += load<f32>(to + offset);
      if (bias != 0) value += load<f32>(bias + offset);
      if (activation != ACTIVATION_NONE) value = max<f32>(value, 0);
      if (activation == ACTIVATION_RELU6) value = min<f32>(value, 6);
      store<f32>(to + offset, value);
    }
  }
}

/**
 * C [m, n] = activation([C +] op(A) [m, k] op(B) [k, n] [+ bias [n]]), row-major; `lda`, `ldb`, `ldc` count floats;
 * op transposes where the flag is set (A is then stored [k, m], B [n, k]); `bias` 0 means none.
 */
export function sgemm(
  transposeA: bool, transposeB: bool, m: i32, n: i32, k: i32,
  a: usize, lda: i32, b: usize, ldb: i32, c: usize, ldc: i32,
  accumulate: bool, bias: usize, activation: i32, scratch: usize,
): void {
  const strideA = <usize>lda * FLOAT;
  const strideB = <usize>ldb * FLOAT;
  const strideC = <usize>ldc * FLOAT;
  const packedA = (scratch + 15) & ~(<usize>15);
  const packedB = packedA + <usize>(KC * MC) * FLOAT;
  const edge = packedB + <usize>(KC * NC) * FLOAT;
  // Blocks of equal depth, rather than full ones and a sliver.
  const depthBlocks = max((k + KC - 1) / KC, 1);
  const depth = (k + depthBlocks - 1) / depthBlocks;
  for (let jc = 0; jc < n; jc += NC) {
    const nc = min(NC, n - jc);
    for (let block = 0; block < depthBlocks; block++) {
      const pc = block * depth;
      const kc = min(depth, k - pc);
      const isLast = block == depthBlocks - 1;
      const adds = accumulate || block > 0;
      const bytesB = <usize>(kc * NR) * FLOAT;
      for (let j = 0; j < nc; j += NR) {
        const to = packedB + <usize>(j / NR) * bytesB;
        const columns = min(NR, nc - j);
        if (transposeB) packRows(b + <usize>(jc + j) * strideB + <usize>pc * FLOAT, strideB, columns, kc, to, NR);
        else packColumns(b + <usize>pc * strideB + <usize>(jc + j) * FLOAT, strideB, columns, kc, to, NR);
      }
      const bytesA = <usize>(kc * MR) * FLOAT;
      for (let ic = 0; ic < m; ic += MC) {
        const mc = min(MC, m - ic);
        for (let i = 0; i < mc; i += MR) {
          const to = packedA + <usize>(i / MR) * bytesA;
          const rows = min(MR, mc - i);
          if (transposeA) packColumns(a + <usize>pc * strideA + <usize>(ic + i) * FLOAT, strideA, rows, kc, to, MR);
          else packRows(a + <usize>(ic + i) * strideA + <usize>pc * FLOAT, strideA, rows, kc, to, MR);
        }
        for (let j = 0; j < nc; j += NR) {
          const columns = min(NR, nc - j);
          const panelB = packedB + <usize>(j / NR) * bytesB;
          const tileBias = isLast && bias != 0 ? bias + <usize>(jc + j) * FLOAT : 0;
          const tileActivation = isLast ? activation : ACTIVATION_NONE;
          for (let i = 0; i < mc; i += MR) {
            const rows = min(MR, mc - i);
            const panelA = packedA + <usize>(i / MR) * bytesA;
            const to = c + <usize>(ic + i) * strideC + <usize>(jc + j) * FLOAT;
            if (rows == MR && columns == NR) tile(kc, panelA, panelB, to, strideC, adds, tileBias, tileActivation);
            else edgeTile(rows, columns, kc, panelA, panelB, to, strideC, adds, tileBias, tileActivation, edge);
          }
        }
      }
    }
  }
}

/** Share `part` of `parts` of `size`, in whole tiles of `step`. */
// @ts-ignore: decorator
@inline
function edge(size: i32, step: i32, part: i32, parts: i32): i32 {
  return min(size, share((size + step - 1) / step, part, parts) * step);
}

/** As `sgemm`, in rowParts * columnParts parts; each thread has `scratchBytes` of scratch memory, one after the other. */
export function sgemmInParts(
  part: i32, thread: i32, rowParts: i32, columnParts: i32, transposeA: bool, transposeB: bool, m: i32, n: i32, k: i32,
  a: usize, lda: i32, b: usize, ldb: i32, c: usize, ldc: i32, bias: usize, activation: i32, scratch: usize, scratchBytes: i32,
): void {
  const rowPart = part / columnParts;
  const columnPart = part % columnParts;
  const row = edge(m, MR, rowPart, rowParts);
  const column = edge(n, NR, columnPart, columnParts);
  a += <usize>row * (transposeA ? 1 : <usize>lda) * FLOAT;
  b += <usize>column * (transposeB ? <usize>ldb : 1) * FLOAT;
  c += (<usize>row * <usize>ldc + <usize>column) * FLOAT;
  if (bias != 0) bias += <usize>column * FLOAT;
  sgemm(
    transposeA, transposeB, edge(m, MR, rowPart + 1, rowParts) - row, edge(n, NR, columnPart + 1, columnParts) - column, k,
    a, lda, b, ldb, c, ldc, false, bias, activation, scratch + <usize>(thread * scratchBytes),
  );
}
