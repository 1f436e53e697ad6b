import type { ChartConfig, ChartTable } from '../../shared/charts/chart.ts';
import { lightTheme, type ChartTheme } from '../../shared/charts/theme.ts';
import { figureFont } from './fonts.ts';
import { renderChart } from './render-chart.ts';

/** A chart as files are made from it. */
export interface Figure {
  /** File name without extension, unique within its run. */
  name: string;
  readonly png: Buffer;
  readonly svg: Buffer;
  /** Text alternative with the main finding. */
  description: string;
  /** The numbers shown. */
  table: ChartTable;
}

/** Light paper, in the bundled typeface. */
export const exportTheme: ChartTheme = { ...lightTheme, font: figureFont };

/** One chart definition with its data, drawn to PNG and SVG when either is asked for: who wants one need not wait for both. */
export function drawFigure(figure: {
  name: string;
  title: string;
  config: ChartConfig;
  description: string;
  table: ChartTable;
  width: number;
  height: number;
}): Figure {
  const { name, title, config, description, table, width, height } = figure;
  const size = { width, height, background: exportTheme.surface, title, description };
  return {
    name,
    get png() {
      return renderChart(config, { ...size, format: 'png' });
    },
    get svg() {
      return renderChart(config, { ...size, format: 'svg' });
    },
    description,
    table,
  };
}
