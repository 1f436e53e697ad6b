import type { ChartConfig } from '../../shared/charts/chart.ts';
import { chartToSvg, drawChart } from '../../shared/charts/draw-chart.ts';
import { measureText, registerFonts } from './fonts.ts';
import { canvasLibrary } from './lazy-canvas.ts';

interface RenderOptions {
  /** Size in CSS px; a PNG has twice as many pixels each way. */
  width: number;
  height: number;
  format: 'png' | 'svg';
  /** Colour of the paper. */
  background: string;
  /** Read by screen readers, in an SVG. */
  title?: string;
  description?: string;
}

/** For displays and print: text of 11 px stays sharp. */
const pixelRatio = 2;

/** Draws a chart without a display, into the bytes of a file; equal input gives equal bytes. */
export function renderChart(config: ChartConfig, options: RenderOptions): Buffer {
  registerFonts();
  const { width, height, background, title = '', description = '' } = options;
  if (options.format === 'svg')
    return Buffer.from(chartToSvg(config, { width, height, background, title, description }, measureText));
  const canvas = canvasLibrary().createCanvas(width, height);
  return drawChart(config, canvas, { background, pixelRatio }, () => canvas.toBuffer('image/png'));
}
