import type { Chart } from 'chart.js';
import type { ChartConfig, ChartTable, Heading } from '../../shared/charts/chart.ts';
import type { ChartTheme } from '../../shared/charts/theme.ts';
import type { TermId } from '../../shared/glossary.ts';

/** A chart of shared/charts with its data, as the page shows and saves it. */
export interface ShownChart {
  /** File name without extension. */
  name: string;
  title: string;
  /** Explains the title on the page. */
  term?: TermId;
  /** What it was measured on; stands on exports. */
  subtitle?: string;
  /** Height on the page, px; the width is the panel's. */
  height: number;
  /** Size on paper, px. */
  paper: { width: number; height: number };
  /** The definition in a theme; `heading` goes into the chart's data. */
  config: (theme: ChartTheme, heading: Heading) => ChartConfig;
  /** Text alternative with the main finding. */
  describe: () => string;
  table: () => ChartTable;
}

/** Where a chart drawn on the page has its plot and its values, px from the chart's top left corner. */
export interface ChartGeometry {
  width: number;
  height: number;
  plot: { left: number; right: number; top: number; bottom: number };
  xOf: (value: number) => number;
  yOf: (value: number) => number;
  xAt: (pixel: number) => number;
  yAt: (pixel: number) => number;
}

/** What of Chart.js the page goes on using after a chart was drawn. */
export type DrawnChart = Pick<Chart, 'width' | 'height' | 'chartArea' | 'scales' | 'draw' | 'destroy'>;

/** The geometry of a chart that has been laid out. */
export function geometryOf(chart: DrawnChart): ChartGeometry {
  const { left, right, top, bottom } = chart.chartArea;
  const { x, y } = chart.scales;
  return {
    width: chart.width,
    height: chart.height,
    plot: { left, right, top, bottom },
    xOf: (value) => x?.getPixelForValue(value) ?? 0,
    yOf: (value) => y?.getPixelForValue(value) ?? 0,
    xAt: (pixel) => x?.getValueForPixel(pixel) ?? 0,
    yAt: (pixel) => y?.getValueForPixel(pixel) ?? 0,
  };
}
