import { createCanvas, loadImage, type Image } from '@napi-rs/canvas';
import { CupbearerError } from '../../../shared/errors.ts';

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

/** Larger than any photograph; a header that claims more is damaged, or made to exhaust memory. */
const mostPixels = 2 ** 28;

/**
 * Decodes PNG, JPEG (and what else the canvas knows: WebP, GIF, BMP) or binary PPM.
 * @throws CupbearerError `bad-data` naming `file` where it is none of these or damaged.
 */
export async function decodePicture(bytes: Uint8Array, file: string): Promise<Picture> {
  if (bytes[0] === 0x50 && bytes[1] === 0x36) return decodePpm(bytes, file);
  let image: Image;
  try {
    image = await loadImage(Buffer.from(bytes));
  } catch (cause) {
    throw undecodable(file, cause);
  }
  const { width, height } = image;
  if (width === 0 || height === 0 || width * height > mostPixels) throw undecodable(file);
  const context = createCanvas(width, height).getContext('2d');
  context.drawImage(image, 0, 0);
  return { width, height, pixels: context.getImageData(0, 0, width, height).data };
}

function undecodable(file: string, cause?: unknown): CupbearerError {
  return new CupbearerError(
    'bad-data',
    `${file}: expected a PNG, JPEG or PPM picture, found something that cannot be decoded.`,
    cause === undefined ? {} : { cause },
  );
}

/** Binary PPM of 8 bits a channel (Netpbm's P6): three numbers as text, one white space, then RGB bytes. */
function decodePpm(bytes: Uint8Array, file: string): Picture {
  const head = Buffer.from(bytes.subarray(0, 1024)).toString('latin1');
  const parsed = /^P6(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)\s/.exec(head);
  const [width = 0, height = 0, depth = 0] = parsed?.slice(1).map(Number) ?? [];
  const start = parsed?.[0].length ?? 0;
  const count = width * height;
  if (depth !== 255 || count === 0 || count > mostPixels || bytes.length - start < 3 * count) throw undecodable(file);
  const pixels = new Uint8ClampedArray(4 * count);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = bytes[start + 3 * i + c]!;
    pixels[4 * i + 3] = 255;
  }
  return { width, height, pixels };
}

/**
 * The picture, or a region of it, scaled to `width` x `height` by a triangle filter that is as wide as a source pixel or
 * an output pixel, whichever is larger (what Pillow calls bilinear). Proportions are not kept; nothing outside the region
 * counts, nor do the colours of transparent pixels.
 */
export function scaled(picture: Picture, width: number, height: number, region?: Region): Picture {
  const from = region ?? { x: 0, y: 0, width: picture.width, height: picture.height };
  if (!region && width === picture.width && height === picture.height) return picture;
  const columns = triangleWeights(from.width, width);
  const rows = triangleWeights(from.height, height);
  const across = new Float64Array(from.height * width * 4);
  for (let y = 0; y < from.height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = columns[x]!;
      let at = ((from.y + y) * picture.width + from.x + first) * 4;
      let red = 0;
      let green = 0;
      let blue = 0;
      let opacity = 0;
      for (let k = 0; k < weights.length; k++, at += 4) {
        const share = weights[k]! * picture.pixels[at + 3]!;
        red += (share * picture.pixels[at]!) / 255;
        green += (share * picture.pixels[at + 1]!) / 255;
        blue += (share * picture.pixels[at + 2]!) / 255;
        opacity += share;
      }
      const to = (y * width + x) * 4;
      across[to] = red;
      across[to + 1] = green;
      across[to + 2] = blue;
      across[to + 3] = opacity;
    }
  }
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    const { first, weights } = rows[y]!;
    for (let x = 0; x < width; x++) {
      let at = (first * width + x) * 4;
      let red = 0;
      let green = 0;
      let blue = 0;
      let opacity = 0;
      for (let k = 0; k < weights.length; k++, at += 4 * width) {
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

/** For each of `to` positions which of `from` values take part, from `first` on, with weights that add up to 1. */
function triangleWeights(from: number, to: number): { first: number; weights: Float64Array }[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.ceil(centre - reach));
    const last = Math.min(from - 1, Math.floor(centre + reach));
    const raw = Array.from({ length: last - first + 1 }, (_k, k) => 1 - Math.abs(first + k - centre) / reach);
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: Float64Array.from(raw, (weight) => weight / total) };
  });
}

/** The values of one pixel in an image of `channels` channels, 0 to 255: grey by the weights of ITU-R BT.601. */
export function channelsOf(picture: Picture, pixel: number, channels: number): number[] {
  const [red, green, blue] = picture.pixels.subarray(4 * pixel, 4 * pixel + 3) as unknown as [number, number, number];
  return channels === 3
    ? [red, green, blue]
    : Array.from({ length: channels }, () => 0.299 * red + 0.587 * green + 0.114 * blue);
}
