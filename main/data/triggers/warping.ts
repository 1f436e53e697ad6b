import type { RandomStream } from '../../tensor/random.ts';

/**
 * A control grid `[2, side, side]` (displacements along x, then along y), uniform over -1 to 1 and divided by its mean
 * absolute value (WaNet, section 3.2).
 */
export function randomControlGrid(side: number, stream: RandomStream): Float32Array {
  const grid = Float64Array.from({ length: 2 * side * side }, () => 2 * stream.uniform() - 1);
  const meanSize = grid.reduce((sum, value) => sum + Math.abs(value), 0) / grid.length;
  return Float32Array.from(grid, (value) => value / meanSize);
}

/**
 * How far from each pixel, in pixels, its new value is fetched: `[2, height, width]`, along x, then along y. The control
 * grid is enlarged so that its outer points lie on the outer pixels, by cubic convolution (R. Keys 1981, a = -0.75, points
 * beyond the border repeat it: what the paper's code gets from PyTorch's bicubic upsampling with align_corners), times
 * the strength along x and along y; then the sampling positions are scaled by `rescale` about the centre of the image.
 */
export function displacementField(
  grid: Float32Array,
  side: number,
  height: number,
  width: number,
  strengths: readonly number[],
  rescale: number,
): Float64Array {
  const field = new Float64Array(2 * height * width);
  const columns = enlargementWeights(side, width);
  const rows = enlargementWeights(side, height);
  for (let axis = 0; axis < 2; axis++) {
    const last = axis === 0 ? width - 1 : height - 1;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let value = 0;
        for (let i = 0; i < 4; i++) {
          const start = axis * side * side + rows.points[4 * y + i]! * side;
          let along = 0;
          for (let j = 0; j < 4; j++) along += columns.weights[4 * x + j]! * grid[start + columns.points[4 * x + j]!]!;
          value += rows.weights[4 * y + i]! * along;
        }
        const position = axis === 0 ? x : y;
        // Written as a difference so that a rescale of exactly 1 adds exactly nothing.
        field[(axis * height + y) * width + x] =
          rescale * strengths[axis]! * value + (rescale - 1) * (position - last / 2);
      }
    }
  }
  return field;
}

/** For each of `size` positions the four control points about it and their weights, `[size, 4]`. */
function enlargementWeights(side: number, size: number): { points: Int32Array; weights: Float64Array } {
  const points = new Int32Array(4 * size);
  const weights = new Float64Array(4 * size);
  for (let position = 0; position < size; position++) {
    const at = size > 1 ? (position * (side - 1)) / (size - 1) : 0;
    const base = Math.min(Math.floor(at), side - 1);
    for (let k = 0; k < 4; k++) {
      points[4 * position + k] = Math.min(side - 1, Math.max(0, base - 1 + k));
      weights[4 * position + k] = cubicWeight(Math.abs(at - (base - 1 + k)));
    }
  }
  return { points, weights };
}

/** Keys' cubic convolution kernel with a = -0.75 at distance d of 0 to 2. */
function cubicWeight(d: number): number {
  const a = -0.75;
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/**
 * Warps one image `[height, width, channels]` in place: each pixel takes the bilinearly interpolated value at its place
 * plus `field` (as from {@link displacementField}); places outside are moved to the border. A field of zeros leaves the
 * image bit-equal. `scratch` holds at least one image.
 */
export function warp(
  image: Float32Array,
  field: Float64Array,
  height: number,
  width: number,
  channels: number,
  scratch: Float32Array,
): void {
  scratch.set(image);
  const row = width * channels;
  const pixelCount = height * width;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      const sourceX = Math.min(width - 1, Math.max(0, x + field[pixel]!));
      const sourceY = Math.min(height - 1, Math.max(0, y + field[pixelCount + pixel]!));
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      const fx = sourceX - left;
      const fy = sourceY - top;
      const right = left < width - 1 ? channels : 0;
      const below = top < height - 1 ? row : 0;
      const from = top * row + left * channels;
      const to = pixel * channels;
      for (let c = 0; c < channels; c++) {
        const p = from + c;
        const upper = scratch[p]! + (scratch[p + right]! - scratch[p]!) * fx;
        const lower = scratch[p + below]! + (scratch[p + below + right]! - scratch[p + below]!) * fx;
        image[to + c] = upper + (lower - upper) * fy;
      }
    }
  }
}
