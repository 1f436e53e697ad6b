import type { Plugin } from 'chart.js';
import { formatPercent } from '../format.ts';
import {
  axis,
  axisTitlesPlugin,
  baseOptions,
  headingPlugin,
  type ChartConfig,
  type ChartTable,
  type Heading,
} from './chart.ts';
import { kindsPlugin, kindsRoom, paddedRange, pointsPlugin, type PointCloud } from './point-cloud.ts';
import { penOf, write, type Area } from './pen.ts';
import type { ChartTheme } from './theme.ts';
import { linearTicks, tickLabel } from './ticks.ts';

/** Test samples as points in the plane of their two main directions. */
interface ScatterChartData extends Heading, PointCloud {
  /** Shares of the variance along x and y, 0 to 1. */
  explained: readonly number[];
  /** Leaves out of what the shares are, where there is little room. */
  compact?: boolean;
  /** Whether the marks are named, as they are unless a chart beside this one does it. */
  legend?: boolean;
}

/** Room for the title that stands upright beside the vertical axis, px. */
const uprightRoom = 16;

/** Writes the title of the vertical axis along it, at its upper end. */
function uprightTitlePlugin(theme: ChartTheme, title: string): Plugin {
  return {
    id: 'uprightTitle',
    afterDraw(chart) {
      const pen = penOf(chart);
      pen.save();
      pen.translate(chart.scales['y']!.left - uprightRoom / 2, (chart.chartArea as Area).top);
      pen.rotate(-Math.PI / 2);
      write(pen, theme, title, 0, 0, { colour: theme.ink3, align: 'right' });
      pen.restore();
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
      ...baseOptions(data, { above: kindsRoom, left: uprightRoom }),
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
      axisTitlesPlugin(theme, { x: title(0, data.compact ? '' : ' of the clean variance') }),
      uprightTitlePlugin(theme, title(1, '')),
      ...(data.legend === false ? [] : [kindsPlugin(theme, data)]),
      pointsPlugin(theme, data),
    ],
  };
}

/** The chart in a sentence or two. */
export function describeScatter(data: ScatterChartData): string {
  const { x, y, anomalous, explained, anomalousWord = 'Anomalous', title } = data;
  const centre = (values: ArrayLike<number>, flag: number) => {
    let [sum, count] = [0, 0];
    for (let i = 0; i < values.length; i++) {
      if (anomalous[i] !== flag) continue;
      sum += values[i]!;
      count++;
    }
    return tickLabel(Number((sum / Math.max(1, count)).toPrecision(3)));
  };
  const both = formatPercent(explained.reduce((sum, part) => sum + part, 0));
  const of = (flag: number) => `(${centre(x, flag)}, ${centre(y, flag)})`;
  return (
    `${title ?? 'Activations'} along the first two principal components, which hold ${both} of the clean variance. ` +
    `The mean of the clean points is ${of(0)}, that of the ${anomalousWord.toLowerCase()} ones ${of(1)}.`
  );
}

/** One row a point. */
export function scatterToTable({ x, y, anomalous, anomalousWord = 'Anomalous' }: ScatterChartData): ChartTable {
  return {
    header: ['component 1', 'component 2', anomalousWord.toLowerCase()],
    rows: Array.from(x, (value, i) => [value, y[i]!, anomalous[i]!]),
  };
}
