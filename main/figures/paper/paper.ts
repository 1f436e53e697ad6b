import { crc32 } from 'node:zlib';
import type { Pen } from '../../../shared/charts/pen.ts';
import { SvgContext } from '../../../shared/charts/svg-context.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { exportTheme } from '../figure.ts';
import { measureText, registerFonts } from '../fonts.ts';
import { canvasLibrary } from '../lazy-canvas.ts';

/** The formats in which a figure for a paper can be had, with their media types. */
export const paperFormats = { svg: 'image/svg+xml', png: 'image/png', pdf: 'application/pdf' } as const;
export type PaperFormat = keyof typeof paperFormats;

/** How large a figure is on paper. */
interface PaperSize {
  widthMm: number;
  /** Of all text in it. */
  fontPt: number;
}

/**
 * A figure laid out for a width: what it takes up, px, and how it is drawn, the same for every format. A px is such that text of
 * {@link textPx} has the font size that was asked for.
 */
export interface PaperDrawing {
  height: number;
  draw: (pen: Pen) => void;
}

/** What a figure says besides what it shows. */
export interface PaperWords {
  title: string;
  /** Text alternative with the main finding. */
  description: string;
}

/** The size that text of figures has, px. */
const textPx = 11;
const pointsPerInch = 72;
const mmPerInch = 25.4;
const dotsPerInch = 300;

/**
 * Lays a figure out for its size on paper and returns it as a file; equal input gives equal bytes. Text stays text in SVG
 * and PDF, which has the signs of the typeface in it that it uses.
 * @throws CupbearerError `usage` where there is no room for it.
 */
export function paperFigure(
  layOut: (widthPx: number) => PaperDrawing,
  { widthMm, fontPt }: PaperSize,
  format: PaperFormat,
  words: PaperWords,
): Buffer {
  registerFonts();
  const pointsPerPx = fontPt / textPx;
  const width = (widthMm / mmPerInch) * (pointsPerInch / pointsPerPx);
  const { height, draw } = layOut(width);
  const onPaper = (pen: Pen) => {
    pen.fillStyle = exportTheme.surface;
    pen.fillRect(0, 0, width, height);
    draw(pen);
  };
  switch (format) {
    case 'svg': {
      const svg = new SvgContext(round(width), round(height), measureText);
      onPaper(svg as unknown as Pen);
      const heightMm = (height / width) * widthMm;
      return Buffer.from(svg.toSvg(words.title, words.description, { widthMm, heightMm: round(heightMm) }));
    }
    case 'png': {
      const dotsPerPx = (pointsPerPx / pointsPerInch) * dotsPerInch;
      const canvas = canvasLibrary().createCanvas(Math.round(width * dotsPerPx), Math.ceil(height * dotsPerPx));
      const context = canvas.getContext('2d');
      context.scale(dotsPerPx, dotsPerPx);
      onPaper(context as unknown as Pen);
      return withDensity(canvas.toBuffer('image/png'));
    }
    case 'pdf': {
      const { PDFDocument } = canvasLibrary();
      const document = new PDFDocument({ title: words.title, subject: words.description, creator: 'Cupbearer' });
      // Pages have whole points: a fifth of a millimetre is lost or won at most.
      const wide = Math.round(width * pointsPerPx);
      const context = document.beginPage(wide, Math.ceil((height * wide) / width));
      context.scale(wide / width, wide / width);
      onPaper(context as unknown as Pen);
      document.endPage();
      return document.close();
    }
  }
}

const round = (value: number) => Math.round(value * 100) / 100;

/** Signature and header of a PNG: what says how large it is on paper follows. */
const headerBytes = 8 + 25;
const dotsPerMetre = Math.round((dotsPerInch / mmPerInch) * 1000);

/** A PNG that says how many dots an inch it has (pHYs), so that it has its size on paper wherever it is put. */
function withDensity(png: Buffer): Buffer {
  const content = Buffer.alloc(13);
  content.write('pHYs', 'latin1');
  content.writeUInt32BE(dotsPerMetre, 4);
  content.writeUInt32BE(dotsPerMetre, 8);
  content.writeUInt8(1, 12);
  const chunk = Buffer.alloc(21);
  chunk.writeUInt32BE(9, 0);
  content.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(content), 17);
  return Buffer.concat([png.subarray(0, headerBytes), chunk, png.subarray(headerBytes)]);
}

/** Says that a figure has no room. */
export function tooNarrow(what: string): CupbearerError {
  return new CupbearerError('usage', `${what} do not fit into this width at this font size.`, {
    hint: 'Choose a greater width or a smaller font.',
  });
}
