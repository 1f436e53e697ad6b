import type { SKRSContext2D } from '@napi-rs/canvas';
import { write, type Pen } from '../../shared/charts/pen.ts';
import type { Mistake } from '../../shared/domain/analysis.ts';
import { exportTheme } from './figure.ts';
import { registerFonts } from './fonts.ts';
import { canvasLibrary } from './lazy-canvas.ts';
import {
  drawGroupHead,
  drawSheetHead,
  groupsOf,
  layout,
  scoreFormat,
  writeFitted,
  type MistakeGroups,
} from './mistake-groups.ts';

/** A mistake with its picture: `pixels` are `[height, width, channels]`, 0 to 1, of one or three channels. */
export interface MistakePicture extends Mistake {
  pixels: Float32Array;
}

export interface MistakeSheet extends MistakeGroups<MistakePicture> {
  /** Shape of a picture. */
  shape: readonly [height: number, width: number, channels: number];
}

const { margin, heading, groupHead, groupGap } = layout;
const columns = 5;
const gap = 16;
const textLine = 16;
const caption = 3 * textLine + 16;
const pixelRatio = 2;
const smallestPicture = 112;

/** Draws pictures with their pixels as squares, nothing rounded or smoothed: a trigger may be one corner pixel. Returns a PNG. */
export function drawMistakeSheet(sheet: MistakeSheet): Buffer {
  registerFonts();
  const [height, width] = sheet.shape;
  // Whole device pixels for every pixel, so that all are of one size.
  const scale = Math.max(1, Math.round((smallestPicture * pixelRatio) / Math.max(height, width))) / pixelRatio;
  const column = Math.max(width * scale, smallestPicture);
  const groups = groupsOf(sheet);
  const rowHeight = height * scale + caption;
  const groupHeight = (count: number) => groupHead + Math.ceil(count / columns) * rowHeight + groupGap;
  const sheetHeight = groups.reduce<number>((sum, { mistakes }) => sum + groupHeight(mistakes.length), heading);
  const sheetWidth = 2 * margin + columns * (column + gap) - gap;
  const canvas = canvasLibrary().createCanvas(sheetWidth * pixelRatio, sheetHeight * pixelRatio);
  const context = canvas.getContext('2d');
  context.scale(pixelRatio, pixelRatio);
  context.imageSmoothingEnabled = false;
  const pen = context as unknown as Pen;
  drawSheetHead(pen, sheet, { width: sheetWidth, height: sheetHeight });
  let top = heading;
  for (const group of groups) {
    drawGroupHead(pen, group, top);
    const format = scoreFormat(group.mistakes);
    group.mistakes.forEach((picture, i) => {
      const x = margin + (i % columns) * (column + gap);
      const y = top + groupHead + Math.floor(i / columns) * rowHeight;
      drawPicture(context, picture.pixels, sheet.shape, x, y, scale);
      writeCaption(pen, picture, format(picture.score), x, y + height * scale + 12, column);
    });
    top += groupHeight(group.mistakes.length);
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
  const small = canvasLibrary().createCanvas(width, height);
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
