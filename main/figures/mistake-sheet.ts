import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import { fitted } from '../../shared/charts/chart.ts';
import { drawMark, widthOf, write, type Pen, type TextStyle } from '../../shared/charts/pen.ts';
import { tickLabel } from '../../shared/charts/ticks.ts';
import type { Mistake } from '../../shared/domain/analysis.ts';
import { exportTheme } from './figure.ts';
import { registerFonts } from './fonts.ts';

/** A mistake with its picture: `pixels` are `[height, width, channels]`, 0 to 1, of one or three channels. */
export interface MistakePicture extends Mistake {
  pixels: Float32Array;
}

export interface MistakeSheet {
  title: string;
  subtitle: string;
  /** Shape of a picture. */
  shape: readonly [height: number, width: number, channels: number];
  clean: readonly MistakePicture[];
  anomalous: readonly MistakePicture[];
  /** What anomalous samples are called: "Triggered". */
  anomalousWord?: string;
}

const margin = 16;
const heading = 44;
const groupHead = 30;
const groupGap = 12;
const columns = 5;
const gap = 16;
const textLine = 16;
const caption = 3 * textLine + 16;
const pixelRatio = 2;
const smallestPicture = 112;

/** Draws pictures with their pixels as squares, nothing rounded or smoothed: a trigger may be one corner pixel. Gives a PNG. */
export function drawMistakeSheet(sheet: MistakeSheet): Buffer {
  registerFonts();
  const [height, width] = sheet.shape;
  // Whole device pixels for every pixel, so that all are of one size.
  const scale = Math.max(1, Math.round((smallestPicture * pixelRatio) / Math.max(height, width))) / pixelRatio;
  const column = Math.max(width * scale, smallestPicture);
  const groups = [
    { kind: 'clean', head: 'Most suspicious clean', pictures: sheet.clean },
    {
      kind: 'anomalous',
      head: `Least suspicious ${(sheet.anomalousWord ?? 'anomalous').toLowerCase()}`,
      pictures: sheet.anomalous,
    },
  ] as const;
  const rowHeight = height * scale + caption;
  const groupHeight = (count: number) => groupHead + Math.ceil(count / columns) * rowHeight + groupGap;
  const total = groups.reduce((sum, { pictures }) => sum + groupHeight(pictures.length), heading);
  const canvas = createCanvas((2 * margin + columns * (column + gap) - gap) * pixelRatio, total * pixelRatio);
  const context = canvas.getContext('2d');
  context.scale(pixelRatio, pixelRatio);
  context.imageSmoothingEnabled = false;
  const pen = context as unknown as Pen;
  pen.fillStyle = exportTheme.surface;
  pen.fillRect(0, 0, canvas.width, canvas.height);

  const titleWidth = write(pen, exportTheme, sheet.title, margin, margin + 8, { size: 13, strong: true });
  writeFitted(
    pen,
    sheet.subtitle,
    margin + titleWidth + 10,
    margin + 8,
    canvas.width / pixelRatio - 2 * margin - titleWidth - 10,
    {
      size: 12,
      colour: exportTheme.ink3,
    },
  );
  let top = heading;
  for (const { kind, head, pictures } of groups) {
    drawMark(pen, kind === 'clean' ? 'circle' : 'triangle', margin + 4, top + 14, exportTheme[kind]);
    write(pen, exportTheme, head, margin + 14, top + 14, { size: 12, strong: true });
    const format = scoreFormat(pictures);
    pictures.forEach((picture, i) => {
      const x = margin + (i % columns) * (column + gap);
      const y = top + groupHead + Math.floor(i / columns) * rowHeight;
      drawPicture(context, picture.pixels, sheet.shape, x, y, scale);
      writeCaption(pen, picture, format(picture.score), x, y + height * scale + 12, column);
    });
    top += groupHeight(pictures.length);
  }
  return canvas.toBuffer('image/png');
}

function drawPicture(
  context: SKRSContext2D,
  pixels: Float32Array,
  [height, width, channels]: MistakeSheet['shape'],
  x: number,
  y: number,
  scale: number,
): void {
  const small = createCanvas(width, height);
  const own = small.getContext('2d');
  const image = own.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * pixels[i * channels + (channels === 1 ? 0 : c)]!;
    image.data[4 * i + 3] = 255;
  }
  own.putImageData(image, 0, 0);
  // The edge lies around the picture, not over its outermost pixels.
  context.fillStyle = exportTheme.axis;
  context.fillRect(x - 0.5, y - 0.5, width * scale + 1, height * scale + 1);
  context.drawImage(small, x, y, width * scale, height * scale);
}

/** Scores of a group with equally many decimals, four significant figures for the largest. */
function scoreFormat(pictures: readonly MistakePicture[]): (score: number) => string {
  const largest = pictures.reduce((most, { score }) => Math.max(most, Math.abs(score)), 0);
  const power = largest === 0 ? 0 : Math.floor(Math.log10(largest));
  if (power >= 6 || power < -4) return (score) => tickLabel(Number(score.toPrecision(4)));
  return (score) => score.toFixed(Math.max(0, 3 - power)).replace('-', '−');
}

/** Score and index, then what it is and what the model sees. */
function writeCaption(pen: Pen, mistake: MistakePicture, score: string, x: number, y: number, room: number): void {
  const { sample_index: index, true_class: own, predicted_class: predicted } = mistake;
  const used = write(pen, exportTheme, score, x, y, { size: 12, strong: true });
  writeFitted(pen, `#${index}`, x + room, y, room - used - 8, { size: 11, colour: exportTheme.ink3, align: 'right' });
  writeFitted(pen, `Class ${own}`, x, y + textLine, room, { size: 11, colour: exportTheme.ink2 });
  if (predicted === null) return;
  const agrees = predicted === own;
  writeFitted(pen, `Predicted ${predicted}`, x, y + 2 * textLine, room, {
    size: 11,
    strong: !agrees,
    colour: agrees ? exportTheme.ink2 : exportTheme.ink,
  });
}

function writeFitted(pen: Pen, text: string, x: number, y: number, room: number, style: TextStyle): void {
  const width = (part: string) => widthOf(pen, exportTheme, part, style);
  write(pen, exportTheme, fitted(text, room, width), x, y, style);
}
