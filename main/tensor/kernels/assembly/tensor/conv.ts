// 2-D convolution of images [n, height, width, channels] (NHWC, dilation 1) as matrix products over patches: a patch is
// the kernelHeight * kernelWidth * channels inputs that one output position sees, zero where it leaves the image.
// Patches are made a few hundred at a time, so that they stay in the level 2 cache whatever the batch.

import { sgemm, ACTIVATION_NONE } from './sgemm';

const FLOAT: usize = 4;
/** Floats of patches made at a time, unless one group of rows is larger (448 KiB). */
const PATCH_FLOATS: i32 = 114688;
/** A multiple of both tile heights and of four. */
const ROW_GROUP: i32 = 96;

// What a convolution looks like; set by `convShape` before each call.
let height: i32 = 0, width: i32 = 0, channels: i32 = 0;
let kernelHeight: i32 = 0, kernelWidth: i32 = 0;
let strideY: i32 = 0, strideX: i32 = 0;
let padTop: i32 = 0, padLeft: i32 = 0;
let outHeight: i32 = 0, outWidth: i32 = 0, outChannels: i32 = 0;
let positions: i32 = 0;

export function convShape(
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
  return min(positions, max(PATCH_FLOATS / max(patchSize(), 1) / ROW_GROUP, 1) * ROW_GROUP);
}

/** Bytes of scratch memory for patches that the convolutions need for the shape that is set. */
export function convScratchBytes(): i32 {
  return <i32>(<usize>(chunkRows() * patchSize()) * FLOAT);
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

/** y [n, outHeight, outWidth, outChannels] = activation(x * filter [+ bias]). */
export function conv2d(
  x: usize, filter: usize, bias: usize, activation: i32, y: usize, patchScratch: usize, gemmScratch: usize,
): void {
  const k = patchSize();
  const step = isPointwise() ? positions : chunkRows();
  for (let start = 0; start < positions; start += step) {
    const rows = min(step, positions - start);
    let a = x;
    if (!isPointwise()) {
      patches(x, start, rows, patchScratch, false);
      a = patchScratch;
    }
    const to = y + <usize>start * <usize>outChannels * FLOAT;
    sgemm(false, false, rows, outChannels, k, a, k, filter, outChannels, to, outChannels, false, bias, activation, gemmScratch);
  }
}

/** Gradient of the filter [kernelHeight, kernelWidth, channels, outChannels]: patches transposed, times dy. */
export function conv2dFilterGradient(x: usize, dy: usize, out: usize, patchScratch: usize, gemmScratch: usize): void {
  const k = patchSize();
  const step = isPointwise() ? positions : chunkRows();
  memory.fill(out, 0, <usize>(k * outChannels) * FLOAT);
  for (let start = 0; start < positions; start += step) {
    const rows = min(step, positions - start);
    let a = x;
    if (!isPointwise()) {
      patches(x, start, rows, patchScratch, false);
      a = patchScratch;
    }
    const from = dy + <usize>start * <usize>outChannels * FLOAT;
    sgemm(true, false, k, outChannels, rows, a, k, from, outChannels, out, outChannels, true, 0, ACTIVATION_NONE, gemmScratch);
  }
}

/** Gradient of the input: dy times the filter transposed gives the patches' gradients, which are added up. */
export function conv2dInputGradient(dy: usize, filter: usize, n: i32, out: usize, patchScratch: usize, gemmScratch: usize): void {
  const k = patchSize();
  if (isPointwise()) {
    sgemm(false, true, positions, k, outChannels, dy, outChannels, filter, outChannels, out, k, false, 0, ACTIVATION_NONE, gemmScratch);
    return;
  }
  const step = chunkRows();
  memory.fill(out, 0, <usize>n * <usize>height * <usize>width * <usize>channels * FLOAT);
  for (let start = 0; start < positions; start += step) {
    const rows = min(step, positions - start);
    const from = dy + <usize>start * <usize>outChannels * FLOAT;
    sgemm(false, true, rows, k, outChannels, from, outChannels, filter, outChannels, patchScratch, k, false, 0, ACTIVATION_NONE, gemmScratch);
    patches(out, start, rows, patchScratch, true);
  }
}
