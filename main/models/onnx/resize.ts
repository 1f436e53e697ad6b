import type { Preprocessing } from './description.ts';

/** Which inputs an output is a weighted mean of, along one axis: `weights.length / out` from each start on. */
interface Weights {
  starts: Int32Array;
  taps: number;
  weights: Float32Array;
}

/** Where a picture of some size goes in one of another size. */
interface Placement {
  /** Size that the picture is brought to. */
  height: number;
  width: number;
  /** Where its corner then lies in the output; below zero where the middle is cut out. */
  top: number;
  left: number;
}

/** Returns where a picture of `[height, width]` goes by a rule. */
export function placementOf(
  [height, width]: readonly [number, number],
  [toHeight, toWidth]: readonly [number, number],
  { resize, resize_to: shorter }: Pick<Preprocessing, 'resize' | 'resize_to'>,
): Placement {
  if (resize === 'none' || resize === 'stretch') return { height: toHeight, width: toWidth, top: 0, left: 0 };
  const [down, across] = [toHeight / height, toWidth / width];
  const scale =
    resize === 'pad' ? Math.min(down, across) : Math.max(down, across, (shorter ?? 0) / Math.min(height, width));
  const size = { height: Math.max(1, Math.round(height * scale)), width: Math.max(1, Math.round(width * scale)) };
  return { ...size, top: Math.floor((toHeight - size.height) / 2), left: Math.floor((toWidth - size.width) / 2) };
}

/**
 * Bilinear interpolation that takes a mean over what it makes smaller, as Pillow and torchvision do (`antialias`): a triangle as wide as
 * an output is of inputs, at least one.
 */
function weightsFor(inputs: number, outputs: number): Weights {
  const scale = inputs / outputs;
  const reach = Math.max(1, scale);
  const taps = Math.min(inputs, Math.ceil(reach) * 2 + 1);
  const starts = new Int32Array(outputs);
  const weights = new Float32Array(outputs * taps);
  for (let i = 0; i < outputs; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.min(inputs - taps, Math.floor(centre - reach)));
    starts[i] = start;
    let sum = 0;
    const own = Array.from({ length: taps }, (_, k) => {
      const weight = Math.max(0, 1 - Math.abs(start + k + 0.5 - centre) / reach);
      sum += weight;
      return weight;
    });
    own.forEach((weight, k) => (weights[i * taps + k] = weight / sum));
  }
  return { starts, taps, weights };
}

/** Resizes pictures `[h, w, c]` of one size, row-major, to another; what a rule leaves free is black. */
export class Resizer {
  readonly #from: readonly [number, number, number];
  readonly #to: readonly [number, number];
  readonly #place: Placement;
  readonly #down: Weights;
  readonly #across: Weights;
  readonly #rows: Float32Array;

  constructor(
    from: readonly [number, number, number],
    to: readonly [number, number],
    rule: Pick<Preprocessing, 'resize' | 'resize_to'>,
  ) {
    this.#from = from;
    this.#to = to;
    this.#place = placementOf([from[0], from[1]], to, rule);
    this.#down = weightsFor(from[0], this.#place.height);
    this.#across = weightsFor(from[1], this.#place.width);
    this.#rows = new Float32Array(from[0] * to[1] * from[2]);
  }

  /** Writes the resized picture `[toHeight, toWidth, c]` into `target`. */
  resize(picture: Float32Array, target: Float32Array): void {
    const [height, width, channels] = this.#from;
    const [toHeight, toWidth] = this.#to;
    const { top, left, height: fullHeight, width: fullWidth } = this.#place;
    this.#rows.fill(0);
    target.fill(0);
    for (let x = 0; x < toWidth; x++) {
      const at = x - left;
      if (at < 0 || at >= fullWidth) continue;
      const { starts, taps, weights } = this.#across;
      for (let y = 0; y < height; y++) {
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let k = 0; k < taps; k++) {
            sum += weights[at * taps + k]! * picture[(y * width + starts[at]! + k) * channels + c]!;
          }
          this.#rows[(y * toWidth + x) * channels + c] = sum;
        }
      }
    }
    const stride = toWidth * channels;
    const { starts, taps, weights } = this.#down;
    for (let y = 0; y < toHeight; y++) {
      const at = y - top;
      if (at < 0 || at >= fullHeight) continue;
      for (let i = 0; i < stride; i++) {
        let sum = 0;
        for (let k = 0; k < taps; k++) sum += weights[at * taps + k]! * this.#rows[(starts[at]! + k) * stride + i]!;
        target[y * stride + i] = sum;
      }
    }
  }
}
