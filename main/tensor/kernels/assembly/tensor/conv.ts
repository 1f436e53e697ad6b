// 2-D convolution of images [n, height, width, channels] (NHWC, dilation 1) as matrix products over patches: a patch is
// the kernelHeight * kernelWidth * channels inputs that one output position sees, zero where it leaves the image.
// Patches are made a few hundred at a time, so that they stay in the level 2 cache whatever the batch.

import { share } from '../share';
import { sgemm, sgemmScratchBytes, ACTIVATION_NONE } from './sgemm';

const FLOAT: usize = 4;
/** Floats of patches made at a time, unless one group of rows is larger (448 KiB). */
const PATCH_FLOATS: i32 = 114688;
/** A multiple of both tile heights and of four. */
const ROW_GROUP: i32 = 96;

// What a convolution looks like; set by `setShape` at the beginning of each part.
let height: i32 = 0, width: i32 = 0, channels: i32 = 0;
let kernelHeight: i32 = 0, kernelWidth: i32 = 0;
let strideY: i32 = 0, strideX: i32 = 0;
let padTop: i32 = 0, padLeft: i32 = 0;
let outHeight: i32 = 0, outWidth: i32 = 0, outChannels: i32 = 0;
let positions: i32 = 0;

function setShape(
  n: i32, h: i32, w: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32, oh: i32, ow: i32, oc: i32,
): void {
  height = h; width = w; channels = c;
  kernelHeight = kh; kernelWidth = kw;
  strideY = sy; strideX = sx;
  padTop = top; padLeft = left;
  outHeight = oh; outWidth = ow; outChannels = oc;
  positions = n * oh * ow;
}

// @ts-ignore: decorator
@inline
function patchSize(): i32 {
  return kernelHeight * kernelWidth * channels;
}

/** Output positions whose patches are made together. */
function chunkRows(): i32 {
  return max(PATCH_FLOATS / max(patchSize(), 1) / ROW_GROUP, 1) * ROW_GROUP;
}

/** Bytes of scratch memory that each thread needs for a convolution with patches of so many floats. */
export function convScratchBytes(patch: i32): i32 {
  return sgemmScratchBytes() + max(PATCH_FLOATS, ROW_GROUP * patch) * <i32>FLOAT;
}

// @ts-ignore: decorator
@inline
function isPointwise(): bool {
  return kernelHeight == 1 && kernelWidth == 1 && strideY == 1 && strideX == 1 && padTop == 0 && padLeft == 0
    && outHeight == height && outWidth == width;
}

// @ts-ignore: decorator
@inline
function copyFloats(from: usize, to: usize, bytes: usize): void {
  const whole = bytes & ~(<usize>15);
  let i: usize = 0;
  for (; i < whole; i += 16) v128.store(to + i, v128.load(from + i));
  for (; i < bytes; i += FLOAT) store<f32>(to + i, load<f32>(from + i));
}

// @ts-ignore: decorator
@inline
function zeroFloats(to: usize, bytes: usize): void {
  const whole = bytes & ~(<usize>15);
  let i: usize = 0;
  for (; i < whole; i += 16) v128.store(to + i, i32x4.splat(0));
  for (; i < bytes; i += FLOAT) store<f32>(to + i, 0);
}

// @ts-ignore: decorator
@inline
function addFloats(from: usize, to: usize, bytes: usize): void {
  const whole = bytes & ~(<usize>15);
  let i: usize = 0;
  for (; i < whole; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
  for (; i < bytes; i += FLOAT) store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i));
}

/** Patches of the positions `start` to `start + count` of all images x, as rows of `out`; or, `back`, adds them to x. */
function patches(x: usize, start: i32, count: i32, out: usize, back: bool): void {
  const pixel = <usize>channels * FLOAT;
  const tapRow = <usize>kernelWidth * pixel;
  const imageRow = <usize>width * pixel;
  const perImage = outHeight * outWidth;
  let column = start % outWidth;
  let row = (start % perImage) / outWidth;
  let image = x + <usize>(start / perImage) * <usize>height * imageRow;
  for (let r = 0; r < count; r++) {
    const firstColumn = column * strideX - padLeft;
    const from = max(0, -firstColumn);
    const to = max(from, min(kernelWidth, width - firstColumn));
    const before = <usize>from * pixel;
    const inside = <usize>(to - from) * pixel;
    const after = tapRow - before - inside;
    const firstRow = row * strideY - padTop;
    for (let ky = 0; ky < kernelHeight; ky++, out += tapRow) {
      const y = firstRow + ky;
      const isOutside = y < 0 || y >= height;
      const at = image + <usize>y * imageRow + <usize>(firstColumn + from) * pixel;
      if (back) {
        if (!isOutside) addFloats(out + before, at, inside);
      } else if (isOutside) {
        zeroFloats(out, tapRow);
      } else {
        if (before > 0) zeroFloats(out, before);
        copyFloats(at, out + before, inside);
        if (after > 0) zeroFloats(out + before + inside, after);
      }
    }
    if (++column == outWidth) {
      column = 0;
      if (++row == outHeight) {
        row = 0;
        image += <usize>height * imageRow;
      }
    }
  }
}

/** y [n, outHeight, outWidth, outChannels] = activation(x * filter [+ bias]). In parts by output positions. */
export function conv2d(
  part: i32, thread: i32, parts: i32,
  n: i32, h: i32, w: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32, oh: i32, ow: i32, oc: i32,
  x: usize, filter: usize, bias: usize, activation: i32, y: usize, scratch: usize,
): void {
  setShape(n, h, w, c, kh, kw, sy, sx, top, left, oh, ow, oc);
  const k = patchSize();
  const gemmScratch = scratch + <usize>thread * <usize>convScratchBytes(k);
  const patchScratch = gemmScratch + <usize>sgemmScratchBytes();
  const step = chunkRows();
  const groups = (positions + ROW_GROUP - 1) / ROW_GROUP;
  const end = min(positions, share(groups, part + 1, parts) * ROW_GROUP);
  for (let start = share(groups, part, parts) * ROW_GROUP; start < end; start += step) {
    const rows = min(step, end - start);
    const a = patchesOf(x, start, rows, patchScratch);
    const to = y + <usize>start * <usize>outChannels * FLOAT;
    sgemm(false, false, rows, outChannels, k, a, k, filter, outChannels, to, outChannels, false, bias, activation, gemmScratch);
  }
}

/** Patches of `rows` positions, made in scratch memory, or where they lie in x already. */
function patchesOf(x: usize, start: i32, rows: i32, scratch: usize): usize {
  if (isPointwise()) return x + <usize>start * <usize>channels * FLOAT;
  patches(x, start, rows, scratch, false);
  return scratch;
}

/**
 * Gradient of the filter [kernelHeight, kernelWidth, channels, outChannels]: patches transposed, times dy. Part p sums over its
 * share of the positions, into the p-th of so many filters at `sums`, which `addFilters` adds up.
 */
export function conv2dFilterGradient(
  part: i32, thread: i32, parts: i32,
  n: i32, h: i32, w: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32, oh: i32, ow: i32, oc: i32,
  x: usize, dy: usize, sums: usize, scratch: usize,
): void {
  setShape(n, h, w, c, kh, kw, sy, sx, top, left, oh, ow, oc);
  const k = patchSize();
  const gemmScratch = scratch + <usize>thread * <usize>convScratchBytes(k);
  const patchScratch = gemmScratch + <usize>sgemmScratchBytes();
  const step = chunkRows();
  const end = share(positions, part + 1, parts);
  const out = sums + <usize>part * <usize>(k * outChannels) * FLOAT;
  memory.fill(out, 0, <usize>(k * outChannels) * FLOAT);
  for (let start = share(positions, part, parts); start < end; start += step) {
    const rows = min(step, end - start);
    const a = patchesOf(x, start, rows, patchScratch);
    const from = dy + <usize>start * <usize>outChannels * FLOAT;
    sgemm(true, false, k, outChannels, rows, a, k, from, outChannels, out, outChannels, true, 0, ACTIVATION_NONE, gemmScratch);
  }
}

/** out [n] = the sum of `count` filters of n floats, one after the other at `sums`, in their order. */
export function addFilters(n: i32, count: i32, sums: usize, out: usize): void {
  const bytes = <usize>n * FLOAT;
  memory.copy(out, sums, bytes);
  for (let i = 1; i < count; i++) addFloats(sums + <usize>i * bytes, out, bytes);
}

/** Gradient of the input: dy times the filter transposed gives the patches' gradients, which are added up. In parts by images. */
export function conv2dInputGradient(
  part: i32, thread: i32, parts: i32,
  n: i32, h: i32, w: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32, oh: i32, ow: i32, oc: i32,
  dy: usize, filter: usize, out: usize, scratch: usize,
): void {
  setShape(n, h, w, c, kh, kw, sy, sx, top, left, oh, ow, oc);
  const k = patchSize();
  const gemmScratch = scratch + <usize>thread * <usize>convScratchBytes(k);
  const patchScratch = gemmScratch + <usize>sgemmScratchBytes();
  const step = chunkRows();
  const firstImage = share(n, part, parts);
  const lastImage = share(n, part + 1, parts);
  const image = <usize>height * <usize>width * <usize>channels * FLOAT;
  const end = lastImage * outHeight * outWidth;
  if (!isPointwise()) memory.fill(out + <usize>firstImage * image, 0, <usize>(lastImage - firstImage) * image);
  for (let start = firstImage * outHeight * outWidth; start < end; start += step) {
    const rows = min(step, end - start);
    const from = dy + <usize>start * <usize>outChannels * FLOAT;
    const to = isPointwise() ? out + <usize>start * <usize>k * FLOAT : patchScratch;
    sgemm(false, true, rows, k, outChannels, from, outChannels, filter, outChannels, to, k, false, 0, ACTIVATION_NONE, gemmScratch);
    if (!isPointwise()) patches(out, start, rows, patchScratch, true);
  }
}
