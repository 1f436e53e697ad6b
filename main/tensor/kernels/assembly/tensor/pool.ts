import { share } from '../share';

const FLOAT: usize = 4;

/**
 * Gradient of max pooling of images x [n, h, w, c] (NHWC, dilation 1; what lies outside is left out) with output y: dx
 * gets dy at the first element, row by row, of each window that equals y, added up where windows overlap. In parts by
 * images.
 */
export function maxPoolGradient(
  part: i32, _thread: i32, parts: i32,
  n: i32, h: i32, w: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32, oh: i32, ow: i32,
  x: usize, y: usize, dy: usize, dx: usize,
): void {
  const pixel = <usize>c * FLOAT;
  const imageRow = <usize>w * pixel;
  const imageBytes = <usize>h * imageRow;
  const whole = <usize>(c & ~3) * FLOAT;
  const first = share(n, part, parts);
  const last = share(n, part + 1, parts);
  const skipped = <usize>first * <usize>(oh * ow) * pixel;
  x += <usize>first * imageBytes;
  dx += <usize>first * imageBytes;
  y += skipped;
  dy += skipped;
  memory.fill(dx, 0, <usize>(last - first) * imageBytes);
  for (let image = first; image < last; image++, x += imageBytes, dx += imageBytes) {
    for (let oy = 0; oy < oh; oy++) {
      const y0 = max(0, oy * sy - top);
      const y1 = min(h, oy * sy - top + kh);
      for (let ox = 0; ox < ow; ox++, y += pixel, dy += pixel) {
        const x0 = max(0, ox * sx - left);
        const x1 = min(w, ox * sx - left + kw);
        const window = <usize>y0 * imageRow + <usize>x0 * pixel;
        const windowRow = <usize>max(0, x1 - x0) * pixel;
        let channel: usize = 0;
        for (; channel < whole; channel += 16) {
          const largest = v128.load(y + channel);
          let rest = v128.load(dy + channel);
          let at = window + channel;
          for (let i = y0; i < y1; i++, at += imageRow)
            for (let p = at; p < at + windowRow; p += pixel) {
              const isLargest = f32x4.eq(v128.load(x + p), largest);
              v128.store(dx + p, f32x4.add(v128.load(dx + p), v128.and(rest, isLargest)));
              rest = v128.andnot(rest, isLargest);
            }
        }
        for (; channel < pixel; channel += FLOAT) {
          const largest = load<f32>(y + channel);
          let rest = load<f32>(dy + channel);
          let at = window + channel;
          for (let i = y0; i < y1; i++, at += imageRow)
            for (let p = at; p < at + windowRow; p += pixel)
              if (load<f32>(x + p) == largest) {
                store<f32>(dx + p, load<f32>(dx + p) + rest);
                rest = 0;
              }
        }
      }
    }
  }
}

/** Max pooling of images x, otherwise as `maxPoolGradient`; a window wholly outside gives -Infinity. In parts by images. */
export function maxPool(
  part: i32, _thread: i32, parts: i32,
  n: i32, h: i32, w: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32, oh: i32, ow: i32,
  x: usize, y: usize,
): void {
  const pixel = <usize>c * FLOAT;
  const imageRow = <usize>w * pixel;
  const imageBytes = <usize>h * imageRow;
  const whole = <usize>(c & ~3) * FLOAT;
  const first = share(n, part, parts);
  const last = share(n, part + 1, parts);
  x += <usize>first * imageBytes;
  y += <usize>first * <usize>(oh * ow) * pixel;
  for (let image = first; image < last; image++, x += imageBytes) {
    for (let oy = 0; oy < oh; oy++) {
      const y0 = max(0, oy * sy - top);
      const y1 = min(h, oy * sy - top + kh);
      for (let ox = 0; ox < ow; ox++, y += pixel) {
        const x0 = max(0, ox * sx - left);
        const x1 = min(w, ox * sx - left + kw);
        const window = x + <usize>y0 * imageRow + <usize>x0 * pixel;
        const windowRow = <usize>max(0, x1 - x0) * pixel;
        let channel: usize = 0;
        for (; channel < whole; channel += 16) {
          let largest = f32x4.splat(-Infinity);
          let at = window + channel;
          for (let i = y0; i < y1; i++, at += imageRow)
            for (let p = at; p < at + windowRow; p += pixel) largest = f32x4.max(largest, v128.load(p));
          v128.store(y + channel, largest);
        }
        for (; channel < pixel; channel += FLOAT) {
          let largest: f32 = -Infinity;
          let at = window + channel;
          for (let i = y0; i < y1; i++, at += imageRow)
            for (let p = at; p < at + windowRow; p += pixel) largest = max<f32>(largest, load<f32>(p));
          store<f32>(y + channel, largest);
        }
      }
    }
  }
}
