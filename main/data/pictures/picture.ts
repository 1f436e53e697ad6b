/** A decoded picture: `pixels` is `[height, width, 4]`, red, green, blue, opacity of 0 to 255, not premultiplied. */
export interface Picture {
  width: number;
  height: number;
  pixels: Uint8ClampedArray;
}

/** A part of a picture in its own pixels. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * The picture, or a region of it, scaled to `width` x `height` by a triangle filter that is as wide as a source pixel or
 * an output pixel, whichever is larger (what Pillow calls bilinear). Proportions are not kept; nothing outside the region
 * counts, nor do the colours of transparent pixels. With `window`, only that part of the scaled picture is made.
 */
export function scaled(picture: Picture, toWidth: number, toHeight: number, region?: Region, window?: Region): Picture {
  const from = region ?? { x: 0, y: 0, width: picture.width, height: picture.height };
  if (!region && !window && toWidth === picture.width && toHeight === picture.height) return picture;
  const { x: left, y: top, width, height } = window ?? { x: 0, y: 0, width: toWidth, height: toHeight };
  const columns = triangleWeights(from.width, toWidth, left, width);
  const rows = triangleWeights(from.height, toHeight, top, height);
  // Rows that are already scaled along their width, as many as one output row is made of: all of them could be gigabytes.
  const kept = rows.reduce((most, { weights }) => Math.max(most, weights.length), 0);
  const across = new Float64Array(kept * width * 4);
  let scaledRows = rows[0]?.first ?? 0;
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    const { first, weights } = rows[y]!;
    for (scaledRows = Math.max(scaledRows, first); scaledRows < first + weights.length; scaledRows++) {
      scaleRow(picture, from, scaledRows, columns, across, (scaledRows % kept) * width * 4);
    }
    for (let x = 0; x < width; x++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let opacity = 0;
      for (let k = 0; k < weights.length; k++) {
        const at = (((first + k) % kept) * width + x) * 4;
        red += weights[k]! * across[at]!;
        green += weights[k]! * across[at + 1]!;
        blue += weights[k]! * across[at + 2]!;
        opacity += weights[k]! * across[at + 3]!;
      }
      const to = (y * width + x) * 4;
      // What is wholly transparent stays black.
      if (opacity === 0) continue;
      pixels[to] = (255 * red) / opacity;
      pixels[to + 1] = (255 * green) / opacity;
      pixels[to + 2] = (255 * blue) / opacity;
      pixels[to + 3] = opacity;
    }
  }
  return { width, height, pixels };
}

/** Writes row `y` of a region, scaled along its width, from `start` on: colours times opacity, and opacity. */
function scaleRow(
  { width, pixels }: Picture,
  from: Region,
  y: number,
  columns: readonly { first: number; weights: Float64Array }[],
  across: Float64Array,
  start: number,
): void {
  columns.forEach(({ first, weights }, x) => {
    let at = ((from.y + y) * width + from.x + first) * 4;
    let red = 0;
    let green = 0;
    let blue = 0;
    let opacity = 0;
    for (let k = 0; k < weights.length; k++, at += 4) {
      const share = weights[k]! * pixels[at + 3]!;
      red += (share * pixels[at]!) / 255;
      green += (share * pixels[at + 1]!) / 255;
      blue += (share * pixels[at + 2]!) / 255;
      opacity += share;
    }
    const to = start + x * 4;
    across[to] = red;
    across[to + 1] = green;
    across[to + 2] = blue;
    across[to + 3] = opacity;
  });
}

/**
 * Returns the middle `side` x `side` of a picture whose shorter side is scaled to `shorter` pixels, as torchvision's
 * `Resize(shorter)` and `CenterCrop(side)` cut it.
 */
export function cropped(picture: Picture, side: number, shorter: number, region?: Region): Picture {
  const { width, height } = region ?? picture;
  const longer = Math.floor((shorter * Math.max(width, height)) / Math.min(width, height));
  const [toWidth, toHeight] = width <= height ? [shorter, longer] : [longer, shorter];
  const start = (size: number) => halfToEven(size - side);
  const window = { x: start(toWidth), y: start(toHeight), width: side, height: side };
  return scaled(picture, toWidth, toHeight, region, window);
}

/** Half of a whole number, rounded as Python rounds: a half goes to the even neighbour. */
function halfToEven(whole: number): number {
  const half = Math.floor(whole / 2);
  return whole % 2 === 0 || half % 2 === 0 ? half : half + 1;
}

/** For `count` of `to` positions from `start` on which of `from` values take part, from `first` on, with weights that add up to 1. */
function triangleWeights(
  from: number,
  to: number,
  start: number,
  count: number,
): { first: number; weights: Float64Array }[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: count }, (_, i) => {
    const centre = (start + i + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.ceil(centre - reach));
    const last = Math.min(from - 1, Math.floor(centre + reach));
    const raw = Array.from({ length: last - first + 1 }, (_k, k) => 1 - Math.abs(first + k - centre) / reach);
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: Float64Array.from(raw, (weight) => weight / total) };
  });
}

/** The values of one pixel in an image of `channels` channels, 0 to 255: grey by the weights of ITU-R BT.601. */
export function channelsOf(picture: Picture, pixel: number, channels: number): number[] {
  const [red = 0, green = 0, blue = 0] = picture.pixels.subarray(4 * pixel, 4 * pixel + 3);
  return channels === 3
    ? [red, green, blue]
    : Array.from({ length: channels }, () => 0.299 * red + 0.587 * green + 0.114 * blue);
}

/** Makes all of a picture opaque, in place: the colours of its transparent parts are then like any. */
export function makeOpaque({ pixels }: Picture): void {
  for (let at = 3; at < pixels.length; at += 4) pixels[at] = 255;
}
