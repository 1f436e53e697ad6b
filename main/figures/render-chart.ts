import { createCanvas } from '@napi-rs/canvas';
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  type ChartItem,
  type Plugin,
} from 'chart.js';
import type { ChartConfig } from '../../shared/charts/chart.ts';
import { penOf } from '../../shared/charts/pen.ts';
import { registerFonts } from './fonts.ts';
import { SvgContext } from './svg-context.ts';

Chart.register(
  LineController,
  LineElement,
  PointElement,
  BarController,
  BarElement,
  LinearScale,
  LogarithmicScale,
  CategoryScale,
  Filler,
);

export interface RenderOptions {
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

function paper(colour: string): Plugin {
  return {
    id: 'paper',
    beforeDraw(chart) {
      const pen = penOf(chart);
      pen.save();
      pen.fillStyle = colour;
      pen.fillRect(0, 0, chart.width, chart.height);
      pen.restore();
    },
  };
}

/** Draws on `item`, takes the result with `finish`. */
function draw<T>(config: ChartConfig, item: unknown, background: string, ratio: number, finish: () => T): T {
  const chart = new Chart(item as ChartItem, {
    ...config,
    options: { ...config.options, devicePixelRatio: ratio },
    plugins: [paper(background), ...(config.plugins ?? [])],
  });
  try {
    return finish();
  } finally {
    // Chart.js keeps every chart until it is destroyed, which clears the canvas: hence not before `finish`.
    chart.destroy();
  }
}

/** Draws a chart without a display, into the bytes of a file; equal input gives equal bytes. */
export function renderChart(config: ChartConfig, options: RenderOptions): Buffer {
  registerFonts();
  const { width, height, background, title = '', description = '' } = options;
  if (options.format === 'svg') {
    const context = new SvgContext(width, height);
    return draw(config, context.canvas, background, 1, () => Buffer.from(context.toSvg(title, description)));
  }
  const canvas = createCanvas(width, height);
  return draw(config, canvas, background, pixelRatio, () => canvas.toBuffer('image/png'));
}
