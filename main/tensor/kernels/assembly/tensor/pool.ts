// Max pooling of images [n, height, width, channels] (NHWC, dilation 1); what lies outside the image is left out.

const FLOAT: usize = 4;

/** Either y = maximum over each window or, `isGradient`, dx += dy at the first element (row by row) that equals y. */
// @ts-ignore: decorator
@inline
function pool(
  n: i32, h: i32, w: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32, oh: i32, ow: i32,
  x: usize, y: usize, dy: usize, dx: usize, isGradient: bool,
): void {
  const pixel = <usize>c * FLOAT;
  const imageRow = <usize>w * pixel;
  const whole = <usize>(c & ~3) * FLOAT;
  for (let image = 0; image < n; image++) {
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
          let at = window + channel;
          if (isGradient) {
            const top = v128.load(y + channel);
            let rest = v128.load(dy + channel);
            for (let i = y0; i < y1; i++, at += imageRow)
              for (let p = at; p < at + windowRow; p += pixel) {
                const isTop = f32x4.eq(v128.load(x + p), top);
                v128.store(dx + p, f32x4.add(v128.load(dx + p), v128.and(rest, isTop)));
                rest = v128.andnot(rest, isTop);
              }
          } else {
            let top = f32x4.splat(-Infinity);
            for (let i = y0; i < y1; i++, at += imageRow)
              for (let p = at; p < at + windowRow; p += pixel) top = f32x4.max(top, v128.load(x + p));
            v128.store(y + channel, top);
          }
        }
        for (; channel < pixel; channel += FLOAT) {
          let at = window + channel;
          if (isGradient) {
            const top = load<f32>(y + channel);
            let rest = load<f32>(dy + channel);
            for (let i = y0; i < y1; i++, at += imageRow)
              for (let p = at; p < at + windowRow; p += pixel)
                if (load<f32>(x + p) == top) {
                  store<f32>(dx + p, load<f32>(dx + p) + rest);
                  rest = 0;
                }
          } else {
            let top: f32 = -Infinity;
            for (let i = y0; i < y1; i++, at += imageRow)
              for (let p = at; p < at + windowRow; p += pixel) top = max<f32>(top, load<f32>(x + p));
            store<f32>(y + channel, top);
          }
        }
      }
    }
    x += <usize>h * imageRow;
    dx += <usize>h * imageRow;
  }
}

/** Maximum over each window of x, into y. */
export function maxPool(
  n: i32, h: i32, w: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32, oh: i32, ow: i32,
  x: usize, y: usize,
): void {
  pool(n, h, w, c, kh, kw, sy, sx, top, left, oh, ow, x, y, 0, 0, false);
}

/** Gradient of `maxPool`: the first maximum of each window gets dy, added up where windows overlap. */
export function maxPoolGradient(
  n: i32, h: i32, w: i32, c: i32, kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32, oh: i32, ow: i32,
  x: usize, y: usize, dy: usize, dx: usize,
): void {
  memory.fill(dx, 0, <usize>n * <usize>h * <usize>w * <usize>c * FLOAT);
  pool(n, h, w, c, kh, kw, sy, sx, top, left, oh, ow, x, y, dy, dx, true);
}
