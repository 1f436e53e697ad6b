import type { Plugin } from 'chart.js';
import type { FigureInterval } from '../domain/evaluation.ts';
import { formatInterval, formatMetric } from '../format.ts';
import {
  axis,
  axisTitlesPlugin,
  baseOptions,
  headingPlugin,
  namesAxis,
  type ChartConfig,
  type ChartTable,
  type Heading,
} from './chart.ts';
import { drawLine, penOf, widthOf, write, type Area } from './pen.ts';
import { withOpacity, type ChartTheme } from './theme.ts';
import { linearTicks, tickLabel } from './ticks.ts';

interface LayerAuroc {
  name: string;
  auroc: number;
  interval: FigureInterval;
  /** Set apart from the layers, as the aggregate is. */
  strong?: boolean;
}

/** AUROC of each layer, in the model's order. */
interface LayerAurocChartData extends Heading {
  layers: readonly LayerAuroc[];
  /** Place of the layer that other charts beside this one show. */
  selected?: number;
  /** Leaves out the intervals in words, where there is little room. */
  compact?: boolean;
}

const guessing = 0.5;
const rowHeight = 34;
const figuresRoom = { full: 180, compact: 64 };
/** Between the figures and the edge of the row that is set apart, px. */
const figuresInset = 8;

/** A height that gives every layer a row, px. */
export function layerAurocHeight({ layers, title }: LayerAurocChartData): number {
  return layers.length * rowHeight + 84 + (title === undefined ? 0 : 32);
}

/** The intervals over their bars, and to the right the figures. One-sided intervals have no cap where they are open. */
function intervalsPlugin(theme: ChartTheme, { layers, compact }: LayerAurocChartData): Plugin {
  const end = (compact ? figuresRoom.compact : figuresRoom.full) - figuresInset;
  return {
    id: 'intervals',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const scale = chart.scales['x']!;
      const { right, top } = chart.chartArea as Area;
      if (!compact) write(pen, theme, '95 % interval', right + end, top - 10, { colour: theme.ink3, align: 'right' });
      layers.forEach(({ auroc, interval }, i) => {
        const y = chart.scales['y']!.getPixelForValue(i);
        const [from, to] = [scale.getPixelForValue(interval.lower), scale.getPixelForValue(interval.upper)];
        // Never narrower than 3 px: an interval that cannot be seen looks like none.
        const short = Math.max(0, 3 - (to - from)) / 2;
        const colour = theme.ink;
        drawLine(
          pen,
          [
            [from - short, y],
            [to + short, y],
          ],
          { colour, width: 1.5 },
        );
        const open = interval.one_sided ? (auroc >= 1 ? 'upper' : 'lower') : undefined;
        if (open !== 'lower')
          drawLine(
            pen,
            [
              [from - short, y - 4],
              [from - short, y + 4],
            ],
            { colour, width: 1.5 },
          );
        if (open !== 'upper')
          drawLine(
            pen,
            [
              [to + short, y - 4],
              [to + short, y + 4],
            ],
            { colour, width: 1.5 },
          );
        const figure = { size: 13, strong: true } as const;
        const text = formatMetric(auroc);
        // The points stand below each other, whatever the digits around them are wide.
        const point = compact
          ? right + end - widthOf(pen, theme, '.000', figure)
          : right + 18 + widthOf(pen, theme, '0', figure);
        write(pen, theme, text, point - widthOf(pen, theme, text.slice(0, text.indexOf('.')), figure), y, figure);
        if (compact) return;
        write(pen, theme, formatInterval(interval), right + end, y, {
          size: 12,
          colour: theme.ink2,
          align: 'right',
        });
      });
    },
  };
}

/** The line from which bars start. */
function guessingPlugin(theme: ChartTheme, low: number): Plugin {
  return {
    id: 'guessing',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const x = chart.scales['x']!.getPixelForValue(guessing);
      const { top, bottom, right } = chart.chartArea as Area;
      drawLine(
        pen,
        [
          [x, top],
          [x, bottom],
        ],
        { colour: theme.axis },
      );
      const text = '0.5 is guessing';
      const width = widthOf(pen, theme, text);
      // Over its line where layers lie to both sides of it, and within the chart.
      const start = low < guessing - 0.05 ? Math.min(x - width / 2, right - width) : x;
      write(pen, theme, text, Math.max(0, start), top - 10, { colour: theme.ink3 });
    },
  };
}

/** Tints the row of the layer that is shown elsewhere. */
function selectionPlugin(theme: ChartTheme, selected: number): Plugin {
  return {
    id: 'selection',
    beforeDraw(chart) {
      const scale = chart.scales['y']!;
      const height = scale.height / scale.ticks.length;
      const pen = penOf(chart);
      pen.save();
      pen.fillStyle = theme.accentSoft;
      pen.fillRect(0, scale.getPixelForValue(selected) - height / 2 + 1, chart.width, height - 2);
      pen.restore();
    },
  };
}

/** A bar a layer from guessing (0.5) to its AUROC, with the 95 % interval; layers below guessing widen the axis. */
export function layerAurocChart(data: LayerAurocChartData, theme: ChartTheme): ChartConfig {
  const lowest = Math.min(...data.layers.map(({ interval, auroc }) => Math.min(interval.lower, auroc)));
  const low = lowest >= guessing ? guessing : Math.floor(lowest * 10 + 1e-9) / 10;
  return {
    type: 'bar',
    data: {
      labels: data.layers.map(({ name }) => name),
      datasets: [
        {
          data: data.layers.map(({ name, auroc }) => ({ x: auroc, y: name })),
          base: guessing,
          backgroundColor: data.layers.map(({ strong }, i) =>
            withOpacity(theme.dataInk, i === data.selected ? 1 : strong ? 0.85 : 0.5),
          ),
          barThickness: 14,
          grouped: false,
          minBarLength: 1,
        },
      ],
    },
    options: {
      ...baseOptions(data, { above: 18, right: data.compact ? figuresRoom.compact : figuresRoom.full }),
      indexAxis: 'y',
      scales: {
        x: axis(theme, {
          type: 'linear',
          min: low,
          max: 1,
          ticks: linearTicks(low, 1, (1 - low) * 10),
          label: tickLabel,
          grid: true,
          line: false,
        }),
        y: namesAxis(
          theme,
          data.layers.map(({ strong = false }, i) => strong || i === data.selected),
        ),
      },
    },
    plugins: [
      ...(data.selected === undefined ? [] : [selectionPlugin(theme, data.selected)]),
      headingPlugin(theme, data),
      axisTitlesPlugin(theme, { x: 'AUROC' }),
      guessingPlugin(theme, low),
      intervalsPlugin(theme, data),
    ],
  };
}

/** The chart in a sentence or two. */
export function describeLayerAuroc({ layers }: LayerAurocChartData): string {
  const sorted = [...layers].sort((a, b) => b.auroc - a.auroc);
  const of = ({ name, auroc, interval }: LayerAuroc) =>
    `${name} with ${formatMetric(auroc)} (${formatInterval(interval)})`;
  const worst = sorted.length > 1 ? `, the lowest ${of(sorted[sorted.length - 1]!)}` : '';
  return `AUROC per layer with 95 % intervals; 0.5 is guessing. The highest is ${of(sorted[0]!)}${worst}.`;
}

/** One row a layer. */
export function layerAurocToTable({ layers }: LayerAurocChartData): ChartTable {
  return {
    header: ['layer', 'auroc', 'lower', 'upper'],
    rows: layers.map(({ name, auroc, interval }) => [name, auroc, interval.lower, interval.upper]),
  };
}
