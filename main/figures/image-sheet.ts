import type { Canvas, ImageData, SKRSContext2D } from '@napi-rs/canvas';
import { figureFont, registerFonts } from './fonts.ts';
import { exportTheme, type Figure } from './figure.ts';
import { canvasLibrary } from './lazy-canvas.ts';
import { numbered } from '../../shared/format.ts';

/** Pairs of images, `before` and `after`, both `[count, ...shape]` row-major, shape `[height, width, channels]`, values 0 to 1. */
interface ImagePairs {
  shape: readonly number[];
  count: number;
  before: Float32Array;
  after: Float32Array;
}

/** Small images are enlarged by whole numbers, so that single pixels stay sharp. */
const smallestSide = 84;
const gap = 6;
const margin = 18;
const labelWidth = 96;
const scaleHeight = 40;

/**
 * A sheet with one column a pair: the image before, after, and the signed difference, red where a value rose, blue where
 * it fell, at full colour for the largest change on the sheet, which the legend names.
 */
export function drawImageSheet(
  pairs: ImagePairs,
  words: { name: string; title: string; before: string; after: string },
): Figure {
  registerFonts();
  const [height = 1, width = 1] = pairs.shape;
  const zoom = Math.max(1, Math.ceil(smallestSide / Math.max(height, width)));
  const tile = { width: width * zoom, height: height * zoom };
  const top = margin + 30;
  const canvas = canvasLibrary().createCanvas(
    2 * margin + labelWidth + pairs.count * (tile.width + gap),
    top + 3 * (tile.height + gap) + scaleHeight,
  );
  const context = canvas.getContext('2d');
  context.fillStyle = exportTheme.surface;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = exportTheme.ink;
  context.font = `600 15px "${figureFont}"`;
  context.textBaseline = 'middle';
  context.fillText(words.title, margin, margin + 6);

  const largest = largestChange(pairs);
  const rows: [label: string, pixels: (k: number) => ImageData][] = [
    [words.before, (k) => imagePixels(pairs.before, pairs.shape, k)],
    [words.after, (k) => imagePixels(pairs.after, pairs.shape, k)],
    ['Difference', (k) => differencePixels(pairs, k, largest)],
  ];
  rows.forEach(([label, pixels], row) => {
    const y = top + row * (tile.height + gap);
    context.fillStyle = exportTheme.ink2;
    context.font = `13px "${figureFont}"`;
    context.fillText(label, margin, y + tile.height / 2, labelWidth - gap);
    for (let k = 0; k < pairs.count; k++) {
      drawTile(context, pixels(k), margin + labelWidth + k * (tile.width + gap), y, tile);
    }
  });
  drawLegend(context, margin + labelWidth, top + 3 * (tile.height + gap) + 10, largest);
  return toFigure(canvas, words, pairs, largest);
}

function largestChange({ before, after }: ImagePairs): number {
  let largest = 0;
  for (let i = 0; i < before.length; i++) largest = Math.max(largest, Math.abs(after[i]! - before[i]!));
  return largest;
}

/** Red, green and blue of pixel `p` of image `k`; grey images have all three equal. */
function colourAt(values: Float32Array, shape: readonly number[], k: number, p: number): [number, number, number] {
  const [height = 1, width = 1, channels = 1] = shape;
  const at = (k * height * width + p) * channels;
  return channels === 3 ? [values[at]!, values[at + 1]!, values[at + 2]!] : [values[at]!, values[at]!, values[at]!];
}

function imagePixels(values: Float32Array, shape: readonly number[], k: number): ImageData {
  return filled(shape, (p) => colourAt(values, shape, k, p).map((value) => 255 * value));
}

/** White where nothing changed; colour images show the mean change of the channels. */
function differencePixels({ before, after, shape }: ImagePairs, k: number, largest: number): ImageData {
  return filled(shape, (p) => {
    const from = colourAt(before, shape, k, p);
    const to = colourAt(after, shape, k, p);
    const change = to.reduce((sum, value, c) => sum + value - from[c]!, 0) / 3;
    return diverging(largest === 0 ? 0 : change / largest);
  });
}

/** From blue (-1) over white (0) to red (1). */
function diverging(value: number): number[] {
  const end = value < 0 ? [33, 102, 172] : [178, 24, 43];
  return end.map((channel) => 255 + Math.min(1, Math.abs(value)) * (channel - 255));
}

function filled([height = 1, width = 1]: readonly number[], colour: (pixel: number) => number[]): ImageData {
  const data = new Uint8ClampedArray(4 * height * width);
  for (let p = 0; p < height * width; p++) data.set([...colour(p), 255], 4 * p);
  return new (canvasLibrary().ImageData)(data, width, height);
}

function drawTile(
  context: SKRSContext2D,
  pixels: ImageData,
  x: number,
  y: number,
  tile: { width: number; height: number },
): void {
  const small = canvasLibrary().createCanvas(pixels.width, pixels.height);
  small.getContext('2d').putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, x, y, tile.width, tile.height);
  context.strokeStyle = exportTheme.grid;
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, y + 0.5, tile.width - 1, tile.height - 1);
}

function drawLegend(context: SKRSContext2D, x: number, y: number, largest: number): void {
  const width = 120;
  for (let i = 0; i < width; i++) {
    context.fillStyle = `rgb(${diverging((2 * i) / (width - 1) - 1)
      .map(Math.round)
      .join(', ')})`;
    context.fillRect(x + 56 + i, y, 1, 10);
  }
  context.fillStyle = exportTheme.ink2;
  context.font = `12px "${figureFont}"`;
  context.textAlign = 'right';
  context.fillText(`−${largest.toFixed(3)}`, x + 50, y + 5);
  context.textAlign = 'left';
  context.fillText(`+${largest.toFixed(3)}`, x + 56 + width + 6, y + 5);
}

function toFigure(
  canvas: Canvas,
  { name, title, before, after }: { name: string; title: string; before: string; after: string },
  pairs: ImagePairs,
  largest: number,
): Figure {
  const png = canvas.toBuffer('image/png');
  const description = `${title}: ${numbered(pairs.count, 'image')} in three rows, ${before}, ${after} and their signed difference; the largest change of a value is ${largest.toFixed(3)}.`;
  const { width, height } = canvas;
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title><desc>${escaped(description)}</desc>`,
    `<image width="${width}" height="${height}" href="data:image/png;base64,${png.toString('base64')}"/></svg>`,
  ].join('');
  const size = pairs.before.length / pairs.count;
  const changeOf = (k: number) =>
    largestChange({
      ...pairs,
      before: pairs.before.subarray(k * size, (k + 1) * size),
      after: pairs.after.subarray(k * size, (k + 1) * size),
    });
  return {
    name,
    png,
    svg: Buffer.from(svg),
    description,
    table: {
      header: ['image', 'largest change'],
      rows: Array.from({ length: pairs.count }, (_, k) => [k + 1, changeOf(k)]),
    },
  };
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
