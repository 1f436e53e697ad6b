import {
  BarController,
  BarElement,
  BasicPlatform,
  CategoryScale,
  Chart,
  Filler,
  LineController,
  LineElement,
  PointElement,
  type ChartItem,
  type Plugin,
} from 'chart.js';
import type { ChartConfig } from './chart.ts';
import { penOf } from './pen.ts';
import { LinearAxis, LogarithmicAxis } from './scales.ts';
import { SvgContext, type MeasureText } from './svg-context.ts';

Chart.register(
  LineController,
  LineElement,
  PointElement,
  BarController,
  BarElement,
  LinearAxis,
  LogarithmicAxis,
  CategoryScale,
  Filler,
);

/** Chart.js with all that our charts are made of. */
export { Chart };

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

/**
 * Draws a chart once, on paper of a colour, on `canvas`: one of the browser, of a canvas library or a {@link SvgContext}'s, in
 * its size; takes the result with `finish`.
 */
export function drawChart<T>(
  config: ChartConfig,
  canvas: unknown,
  { background, pixelRatio }: { background: string; pixelRatio: number },
  finish: () => T,
): T {
  const chart = new Chart(canvas as ChartItem, {
    ...config,
    // Without the DOM, even where there is one: nothing watches the canvas or listens to it.
    platform: BasicPlatform,
    options: { ...config.options, devicePixelRatio: pixelRatio },
    plugins: [paper(background), ...(config.plugins ?? [])],
  });
  try {
    return finish();
  } finally {
    // Chart.js keeps every chart until it is destroyed, which clears the canvas: hence not before `finish`.
    chart.destroy();
  }
}

interface SvgOptions {
  /** Size in CSS px. */
  width: number;
  height: number;
  /** Colour of the paper. */
  background: string;
  /** Read by screen readers. */
  title: string;
  description: string;
}

/** The chart as an SVG document; equal input gives equal text. */
export function chartToSvg(config: ChartConfig, options: SvgOptions, measure: MeasureText): string {
  const context = new SvgContext(options.width, options.height, measure);
  return drawChart(config, context.canvas, { background: options.background, pixelRatio: 1 }, () =>
    context.toSvg(options.title, options.description),
  );
}
