import type { Plugin } from 'chart.js';
import { formatMetric } from '../format.ts';
import {
  axis,
  axisTitlesPlugin,
  baseOptions,
  fitted,
  headingPlugin,
  type ChartConfig,
  type ChartTable,
  type Heading,
} from './chart.ts';
import { lineNamesPlugin } from './line-names.ts';
import { drawLine, penOf, widthOf, write, type Pen } from './pen.ts';
import { firstHollow, pointShapes, type PointShape } from './sweep-chart.ts';
import type { ChartTheme } from './theme.ts';
import { linearTicks, logTicks, tickLabel } from './ticks.ts';

/** A figure by two measures. */
export interface Mark {
  /** What it is of: "Corner". */
  of: string;
  x: number;
  y: number;
  /** The interval of `y`, or what it ranges over. */
  lower: number | null;
  upper: number | null;
}

/** Marks of one kind: those of a detector. */
interface MarkSeries {
  name: string;
  /** Its place among the colours, 0 to 7. */
  series: number;
  marks: readonly Mark[];
}

/** One measure against another, with a vertical bar through each mark. */
export interface MarksChartData extends Heading {
  x: { label: string; scale: 'linear' | 'log'; min: number; max: number; unit: (value: number) => string };
  metric: string;
  /** What the bars are: "95 % interval". */
  bars: string;
  low: number;
  high: number;
  series: readonly MarkSeries[];
}

function barsPlugin(theme: ChartTheme, data: MarksChartData): Plugin {
  return {
    id: 'bars',
    beforeDatasetsDraw(chart) {
      const pen = penOf(chart);
      for (const { series, marks } of data.series)
        for (const { x, lower, upper } of marks) {
          if (lower === null || upper === null) continue;
          const left = chart.scales['x']!.getPixelForValue(x);
          const [from, to] = [lower, upper].map((value) => chart.scales['y']!.getPixelForValue(value));
          drawLine(pen, [[left, from!], [left, to!]], { colour: theme.series[series]!.colour, width: 1.5 }); // prettier-ignore
        }
    },
  };
}

/** A single mark has its name beside it; many of one kind have theirs in a key. */
const isNamedInside = ({ series }: MarksChartData) => series.every(({ marks }) => marks.length === 1);

const keyRow = 18;
/** Between the plot and the key, for its shape, and the most that a name takes, px. */
const keyGap = 20;
const keyShape = 16;
const mostName = 150;
const characterWidth = 6.9;

function keyRoom({ series }: MarksChartData): number {
  const longest = Math.max(...series.map(({ name }) => name.length), 0);
  return keyGap + keyShape + Math.min(mostName, longest * characterWidth);
}

const radius = 4.5;
/** Corners of shapes, in radii around the middle. */
const corners: Readonly<Record<Exclude<PointShape, 'circle'>, readonly (readonly [number, number])[]>> = {
  triangle: [[0, -1], [0.87, 0.5], [-0.87, 0.5]],
  rect: [[-0.71, -0.71], [0.71, -0.71], [0.71, 0.71], [-0.71, 0.71]],
  rectRot: [[0, -1], [1, 0], [0, 1], [-1, 0]],
}; // prettier-ignore

function drawShape(pen: Pen, shape: PointShape, x: number, y: number, colour: string, fill: string): void {
  pen.save();
  pen.strokeStyle = colour;
  pen.fillStyle = fill;
  pen.lineWidth = 1.5;
  pen.beginPath();
  if (shape === 'circle') pen.arc(x, y, radius, 0, 2 * Math.PI);
  else
    corners[shape].forEach(([right, down], i) =>
      i === 0 ? pen.moveTo(x + radius * right, y + radius * down) : pen.lineTo(x + radius * right, y + radius * down),
    );
  pen.closePath();
  pen.fill();
  pen.stroke();
  pen.restore();
}

/** Names the shapes to the right of the plot. */
function shapeKeyPlugin(theme: ChartTheme, { series }: MarksChartData): Plugin {
  return {
    id: 'shapeKey',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const { right, top, bottom } = chart.chartArea;
      const room = chart.width - right - keyGap - keyShape;
      // Where there are more names than lines, the rest stands in the table.
      series.slice(0, Math.floor((bottom - top) / keyRow)).forEach(({ name, series: place }, i) => {
        const y = top + keyRow * (i + 0.5);
        const { colour } = theme.series[place]!;
        drawShape(
          pen,
          pointShapes[place]!,
          right + keyGap + 4,
          y,
          colour,
          place < firstHollow ? colour : theme.surface,
        );
        const text = fitted(name, room, (part) => widthOf(pen, theme, part, { size: 12 }));
        write(pen, theme, text, right + keyGap + keyShape, y, { size: 12 });
      });
    },
  };
}

/** Marks with their bars; each series is named beside one of its marks. */
export function marksChart(data: MarksChartData, theme: ChartTheme): ChartConfig {
  const { x } = data;
  const isLog = x.scale === 'log';
  const points = ({ marks }: MarkSeries) => marks.map((mark) => ({ x: mark.x, y: mark.y }));
  return {
    type: 'line',
    data: {
      datasets: data.series.map((one) => {
        const { colour } = theme.series[one.series]!;
        return {
          data: points(one),
          showLine: false,
          pointStyle: pointShapes[one.series]!,
          pointRadius: radius,
          pointBorderWidth: 1.5,
          pointBorderColor: colour,
          pointBackgroundColor: one.series < firstHollow ? colour : theme.surface,
          clip: 8,
        };
      }),
    },
    options: {
      ...baseOptions(data, { above: 6, right: isNamedInside(data) ? 12 : keyRoom(data) }),
      scales: {
        x: axis(theme, {
          type: isLog ? 'logarithmic' : 'linear',
          min: x.min,
          max: x.max,
          ticks: isLog ? logTicks(x.min, x.max) : linearTicks(x.min, x.max, 6),
          label: x.unit,
          grid: true,
          line: true,
        }),
        y: axis(theme, {
          type: 'linear',
          min: data.low,
          max: data.high,
          ticks: linearTicks(data.low, data.high, 5),
          label: tickLabel,
          grid: true,
          line: false,
        }),
      },
    },
    plugins: [
      headingPlugin(theme, data),
      axisTitlesPlugin(theme, {
        x: isLog ? `${x.label}, log scale` : x.label,
        y: data.low === 0 ? data.metric : `${data.metric}, axis from ${tickLabel(data.low)}`,
      }),
      barsPlugin(theme, data),
      isNamedInside(data)
        ? lineNamesPlugin(
            theme,
            data.series.map((one) => ({
              text: one.name,
              style: { colour: theme.series[one.series]!.colour, dash: [] },
              data: points(one),
            })),
            { halo: true, plain: true },
          )
        : shapeKeyPlugin(theme, data),
    ],
  };
}

/** The chart in a sentence a series. */
export function describeMarks({ x, metric, bars, series }: MarksChartData): string {
  const courses = series.map(({ name, marks }) => {
    const each = marks.map((mark) => `${mark.of} ${formatMetric(mark.y)} at ${x.unit(mark.x)}`);
    return `${name}: ${each.join(', ')}.`;
  });
  return `${metric} against ${x.label.toLowerCase()}; bars are the ${bars}. ${courses.join(' ')}`;
}

/** One row a mark. */
export function marksToTable({ x, metric, series }: MarksChartData): ChartTable {
  return {
    header: ['detector', 'of', x.label.toLowerCase(), metric, 'lower', 'upper'],
    rows: series.flatMap(({ name, marks }) =>
      marks.map((mark) => [name, mark.of, mark.x, mark.y, mark.lower, mark.upper]),
    ),
  };
}
