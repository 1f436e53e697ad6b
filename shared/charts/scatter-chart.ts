import type { Plugin } from 'chart.js';
import { formatCount, formatPercent } from '../format.ts';
import {
  axis,
  axisTitlesPlugin,
  baseOptions,
  headingPlugin,
  type ChartConfig,
  type ChartTable,
  type Heading,
} from './chart.ts';
import { drawMark, penOf, widthOf, write, type Area } from './pen.ts';
import { withOpacity, type ChartTheme } from './theme.ts';
import { linearTicks, tickLabel } from './ticks.ts';

/** Test samples as points in the plane of their two main directions. */
export interface ScatterChartData extends Heading {
  x: readonly number[];
  y: readonly number[];
  /** 1 = anomalous. */
  anomalous: readonly number[];
  /** Shares of the variance along x and y, 0 to 1. */
  explained: readonly number[];
  /** What anomalous samples are called: "Triggered". */
  anomalousWord?: string;
}

const labelRoom = 22;
const kinds = ['clean', 'anomalous'] as const;

/** The range of the values with a margin, so that no mark is cut by the plot's edge. */
function paddedRange(values: readonly number[]): [number, number] {
  // Not Math.min(...values): thousands of arguments overflow the stack of some engines.
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  // A single value stands in the middle of some range.
  const margin = high > low ? (high - low) * 0.04 : Math.abs(high) * 0.1 || 1;
  return [low - margin, high + margin];
}

/** In the order given, which mixes the classes: neither lies on top of the other. */
function pointsPlugin(theme: ChartTheme, { x, y, anomalous }: ScatterChartData): Plugin {
  const dense = x.length > 600;
  const colours = kinds.map((kind) => withOpacity(theme[kind], dense ? 0.55 : 0.75));
  return {
    id: 'points',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const { x: across, y: up } = chart.scales;
      for (let i = 0; i < x.length; i++) {
        const kind = anomalous[i] === 1 ? 1 : 0;
        const shape = kind === 1 ? 'triangle' : 'circle';
        const at = [across!.getPixelForValue(x[i]!), up!.getPixelForValue(y[i]!)] as const;
        drawMark(pen, shape, ...at, colours[kind]!, dense ? 2.4 : 3);
      }
    },
  };
}

/** Names both marks above the plot, at its right end. */
function kindsPlugin(theme: ChartTheme, data: ScatterChartData): Plugin {
  return {
    id: 'kinds',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const { right, top } = chart.chartArea as Area;
      const y = top - labelRoom / 2 - 2;
      let end = right;
      for (const [flag, kind] of [...kinds.entries()].reverse()) {
        const count = data.anomalous.filter((value) => value === flag).length;
        const text = `${kind === 'clean' ? 'Clean' : (data.anomalousWord ?? 'Anomalous')}, ${formatCount(count)}`;
        const start = end - widthOf(pen, theme, text, { size: 12, strong: true });
        write(pen, theme, text, start, y, { size: 12, strong: true });
        drawMark(pen, kind === 'clean' ? 'circle' : 'triangle', start - 9, y, theme[kind]);
        end = start - 30;
      }
    },
  };
}

/** Clean samples as circles, anomalous ones as triangles, over the first two principal components. */
export function scatterChart(data: ScatterChartData, theme: ChartTheme): ChartConfig {
  const [[left, right], [bottom, top]] = [paddedRange(data.x), paddedRange(data.y)];
  const title = (k: number, of: string) => `Component ${k + 1}, ${formatPercent(data.explained[k] ?? 0)}${of}`;
  return {
    type: 'line',
    data: { datasets: [] },
    options: {
      ...baseOptions(data, { above: labelRoom }),
      scales: {
        x: axis(theme, {
          type: 'linear',
          min: left,
          max: right,
          ticks: linearTicks(left, right, 7),
          label: tickLabel,
          grid: true,
          line: false,
        }),
        y: axis(theme, {
          type: 'linear',
          min: bottom,
          max: top,
          ticks: linearTicks(bottom, top, 5),
          label: tickLabel,
          grid: true,
          line: false,
        }),
      },
    },
    plugins: [
      headingPlugin(theme, data),
      axisTitlesPlugin(theme, { x: title(0, ' of the clean variance'), y: title(1, '') }),
      kindsPlugin(theme, data),
      pointsPlugin(theme, data),
    ],
  };
}

/** The chart in a sentence or two. */
export function describeScatter(data: ScatterChartData): string {
  const { x, y, anomalous, explained, anomalousWord = 'Anomalous', title } = data;
  const centre = (values: readonly number[], flag: number) => {
    const own = values.filter((_, i) => anomalous[i] === flag);
    return tickLabel(Number((own.reduce((sum, value) => sum + value, 0) / Math.max(1, own.length)).toPrecision(3)));
  };
  const both = formatPercent(explained.reduce((sum, part) => sum + part, 0));
  const of = (flag: number) => `(${centre(x, flag)}, ${centre(y, flag)})`;
  return (
    `${title ?? 'Activations'} along the first two principal components, which hold ${both} of the clean variance. ` +
    `The mean of the clean points is ${of(0)}, that of the ${anomalousWord.toLowerCase()} ones ${of(1)}.`
  );
}

/** One row a point. */
export function scatterToTable({ x, y, anomalous }: ScatterChartData): ChartTable {
  return {
    header: ['component 1', 'component 2', 'anomalous'],
    rows: x.map((value, i) => [value, y[i]!, anomalous[i]!]),
  };
}
