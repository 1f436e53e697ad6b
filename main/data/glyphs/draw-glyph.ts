import type { RandomStream } from '../../tensor/random.ts';
import { digitShapes } from './digit-strokes.ts';
import { flattenPath, type Polyline } from './path.ts';

/** Side of a glyph image in pixels. */
export const glyphSide = 28;

/** Side of the elastic distortion's grid of displacements; finer grids make strokes shaky rather than bent. */
const gridSide = 4;

const shapes: readonly (readonly Polyline[])[][] = digitShapes.map((paths) =>
  paths.map((path) => flattenPath(path, 100)),
);

/**
 * Draws one digit into `pixels`, `[28, 28]` at `at`, 0 to 255: a shape of the digit out of {@link digitShapes}, bent by
 * a smooth random field, then scaled, sheared, turned and shifted, drawn with a stroke of random width and darkness,
 * with noise. All arithmetic is + - * / and square roots, which IEEE 754 defines to the last bit, so that the same
 * stream yields the same bytes on every machine.
 */
export function drawGlyph(digit: number, stream: RandomStream, pixels: Uint8Array, at: number): void {
  const variants = shapes[digit]!;
  const strokes = variants[stream.integer(variants.length)]!;
  const place = randomPlacement(stream);
  ink.fill(0);
  for (const stroke of strokes) drawStroke(stroke, place);
  const noise = 0.02 + 0.1 * stream.uniform();
  for (let k = 0; k < ink.length; k++) {
    // The noise is one-sided, so that most of the background stays black as on scanned paper after thresholding.
    const grain = (stream.uniform() + stream.uniform() - 1) * noise;
    const value = ink[k]! * (1 + grain * 3) + (grain > 0 ? grain : 0);
    pixels[at + k] = Math.floor(255 * Math.min(1, value) + 0.5);
  }
}

/** How one glyph is bent, placed and drawn. */
interface Placement {
  /** Maps the centred glyph box to pixels: x' = a x + b y + e, y' = c x + d y + f. */
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
  /** Displacements in pixels, `[2, gridSide, gridSide]`. */
  grid: Float64Array;
  radiusAtStart: number;
  radiusAtEnd: number;
  softness: number;
  darkness: number;
}

const grid = new Float64Array(2 * gridSide * gridSide);
const ink = new Float64Array(glyphSide * glyphSide);

/**
 * A bell-shaped draw of -1 to 1 (mean of three uniform ones): normal draws need a logarithm, which may differ by
 * machine.
 */
function bell(stream: RandomStream): number {
  return ((stream.uniform() + stream.uniform() + stream.uniform()) * 2) / 3 - 1;
}

function randomPlacement(stream: RandomStream): Placement {
  // Rotation by the angle whose half has tangent t: exact sine and cosine without trigonometric functions.
  const t = 0.18 * bell(stream);
  const cos = (1 - t * t) / (1 + t * t);
  const sin = (2 * t) / (1 + t * t);
  const shear = -0.12 + 0.5 * bell(stream);
  const height = 19.5 * (1 + 0.22 * bell(stream));
  const width = height * (0.82 + 0.4 * bell(stream));
  for (let k = 0; k < grid.length; k++) grid[k] = 2.9 * bell(stream);
  const radius = 1.3 + 0.85 * bell(stream);
  const taper = 0.35 * bell(stream);
  return {
    a: cos * width,
    b: cos * shear * height - sin * height,
    c: sin * width,
    d: sin * shear * height + cos * height,
    e: 13.5 + 2 * bell(stream),
    f: 13.5 + 2 * bell(stream),
    grid,
    radiusAtStart: Math.max(0.5, radius * (1 + taper)),
    radiusAtEnd: Math.max(0.5, radius * (1 - taper)),
    softness: 0.9 + 0.5 * stream.uniform(),
    darkness: 0.78 + 0.22 * stream.uniform(),
  };
}

const placed = new Float64Array(2);

/** Maps a point of the glyph box (0 to 1) to pixels. */
function placePoint(x: number, y: number, place: Placement): void {
  const gx = Math.min(1, Math.max(0, x)) * (gridSide - 1);
  const gy = Math.min(1, Math.max(0, y)) * (gridSide - 1);
  const column = Math.min(gridSide - 2, Math.floor(gx));
  const row = Math.min(gridSide - 2, Math.floor(gy));
  const u = smooth(gx - column);
  const v = smooth(gy - row);
  const at = row * gridSide + column;
  for (let axis = 0; axis < 2; axis++) {
    const p = axis * gridSide * gridSide + at;
    const upper = place.grid[p]! + (place.grid[p + 1]! - place.grid[p]!) * u;
    const lower = place.grid[p + gridSide]! + (place.grid[p + gridSide + 1]! - place.grid[p + gridSide]!) * u;
    placed[axis] = upper + (lower - upper) * v;
  }
  const cx = x - 0.5;
  const cy = y - 0.5;
  placed[0] = placed[0]! + place.a * cx + place.b * cy + place.e;
  placed[1] = placed[1]! + place.c * cx + place.d * cy + place.f;
}

/** Cubic step: interpolation with it has a continuous slope, so that bent strokes have no corners at grid lines. */
function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}

function drawStroke(stroke: Polyline, place: Placement): void {
  const segments = stroke.length / 2 - 1;
  placePoint(stroke[0]!, stroke[1]!, place);
  let x0 = placed[0]!;
  let y0 = placed[1]!;
  for (let k = 1; k <= segments; k++) {
    placePoint(stroke[2 * k]!, stroke[2 * k + 1]!, place);
    const x1 = placed[0]!;
    const y1 = placed[1]!;
    const radius = place.radiusAtStart + (place.radiusAtEnd - place.radiusAtStart) * ((k - 0.5) / segments);
    drawSegment(x0, y0, x1, y1, radius, place.softness, place.darkness);
    x0 = x1;
    y0 = y1;
  }
}

/** Draws a line with round ends into `ink`; its edge falls off over `softness` pixels about `radius`. */
function drawSegment(
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  radius: number,
  softness: number,
  darkness: number,
): void {
  const reach = radius + softness / 2;
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
  const right = Math.min(glyphSide - 1, Math.floor(Math.max(x0, x1) + reach + 1));
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
  const bottom = Math.min(glyphSide - 1, Math.floor(Math.max(y0, y1) + reach + 1));
  const dx = x1 - x0;
  const dy = y1 - y0;
  const lengthSquared = dx * dx + dy * dy;
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const px = x - x0;
      const py = y - y0;
      const along = lengthSquared > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / lengthSquared)) : 0;
      const ex = px - along * dx;
      const ey = py - along * dy;
      const distanceSquared = ex * ex + ey * ey;
      if (distanceSquared >= reach * reach) continue;
      const value = darkness * Math.min(1, (reach - Math.sqrt(distanceSquared)) / softness);
      const at = y * glyphSide + x;
      if (value > ink[at]!) ink[at] = value;
    }
  }
}
