interface Picture {
  height: number;
  width: number;
  channels: number;
  /** `[height, width, channels]`, 0 to 1. */
  values: ArrayLike<number>;
}

/** A box of pixels. */
export interface Region {
  top: number;
  left: number;
  height: number;
  width: number;
}

/** Changes below one grey level of a screen do not count. */
const leastChange = 0.5 / 255;
/** Of a side of the picture: what is larger is seen without help. */
const smallShare = 1 / 4;

/**
 * Returns the box around all pixels that differ between two pictures of one size; null if none differ or it is not
 * small.
 */
export function smallChangedRegion(before: Picture, after: Picture): Region | null {
  const { height, width, channels } = before;
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let at = 0; at < height * width * channels; at++) {
    if (Math.abs(after.values[at]! - before.values[at]!) < leastChange) continue;
    const pixel = Math.floor(at / channels);
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    [top, left] = [Math.min(top, y), Math.min(left, x)];
    [bottom, right] = [Math.max(bottom, y), Math.max(right, x)];
  }
  const region = { top, left, height: bottom - top + 1, width: right - left + 1 };
  const isSmall = region.height <= smallShare * height && region.width <= smallShare * width;
  return bottom >= 0 && isSmall ? region : null;
}
