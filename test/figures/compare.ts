import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createCanvas, loadImage } from '@napi-rs/canvas';

/** Pixels are averaged over squares of this many, so that another rasteriser's anti-aliasing of letters does not count. */
const block = 6;
/** Of 255; a grid line moved by its width differs more. */
const tolerance = 24;

interface Blocks {
  columns: number;
  rows: number;
  /** Mean of each channel, `[rows, columns, 3]`. */
  means: Float32Array;
}

async function blocksOf(image: Buffer, size?: { width: number; height: number }): Promise<Blocks> {
  const loaded = await loadImage(image);
  const { width, height } = size ?? loaded;
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.drawImage(loaded, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const columns = Math.ceil(width / block);
  const rows = Math.ceil(height / block);
  const means = new Float32Array(rows * columns * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (Math.floor(y / block) * columns + Math.floor(x / block)) * 3;
      for (let c = 0; c < 3; c++) means[at + c]! += data[(y * width + x) * 4 + c]! / (block * block);
    }
  }
  return { columns, rows, means };
}

/** The share of blocks in which two images differ visibly, 0 to 1; 1 where their sizes differ. An SVG is scaled to the PNG. */
export async function visibleDifference(actual: Buffer, expected: Buffer): Promise<number> {
  const image = await loadImage(expected);
  const isSvg = actual.subarray(0, 4).toString() === '<svg';
  const a = await blocksOf(actual, isSvg ? { width: image.width, height: image.height } : undefined);
  const b = await blocksOf(expected);
  if (a.columns !== b.columns || a.rows !== b.rows) return 1;
  let differing = 0;
  for (let i = 0; i < a.means.length; i += 3) {
    const distance = Math.max(...[0, 1, 2].map((c) => Math.abs(a.means[i + c]! - b.means[i + c]!)));
    if (distance > tolerance) differing++;
  }
  return differing / (a.columns * a.rows);
}

/**
 * How far a figure is from the stored one, `expected/<name>.png`. A figure that differs by more than `allowed` is left beside it as
 * `<name>.actual.png`; with the environment variable UPDATE_FIGURES it becomes the stored one.
 */
export async function differenceFromStored(name: string, png: Buffer, allowed: number): Promise<number> {
  const path = (suffix: string) => fileURLToPath(new URL(`expected/${name}${suffix}.png`, import.meta.url));
  if (process.env['UPDATE_FIGURES']) writeFileSync(path(''), png);
  const difference = existsSync(path('')) ? await visibleDifference(png, readFileSync(path(''))) : 1;
  if (difference > allowed) writeFileSync(path('.actual'), png);
  else rmSync(path('.actual'), { force: true });
  return difference;
}
