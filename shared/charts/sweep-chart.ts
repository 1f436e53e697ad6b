import type { Plugin } from 'chart.js';
import { formatMetric } from '../format.ts';
import {
  axis,
  axisTitlesPlugin,
  baseOptions,
  headingPlugin,
  type ChartConfig,
  type ChartTable,
  type Heading,
} from './chart.ts';
import { endLabelsPlugin } from './labels.ts';
import { drawLine, penOf, type Pen } from './pen.ts';
import { withOpacity, type ChartTheme } from './theme.ts';
import { linearTicks, logTicks, tickLabel } from './ticks.ts';

/** A figure at a value of what is swept, with its interval where that is known. */
export interface SweepPoint {
  x: number | string;
  y: number;
  lower: number | null;
  upper: number | null;
  /** Whether the figure counts: an attack that failed leaves nothing to detect. Points that do not are hollow. */
  isCounted: boolean;
}

/** A detector along the axis. */
export interface SweepLine {
  name: string;
  /** Its place among the colours and dashes, 0 to 7. */
  series: number;
  points: readonly SweepPoint[];
}

/** What is drawn against; `steps` have an order and no distance, `choice` not even an order. */
export interface SweepChartAxis {
  label: string;
  scale: 'linear' | 'log' | 'steps' | 'choice';
  /** All values that panels beside each other have, in their order. */
  values: readonly (number | string)[];
}

/** A metric against a swept parameter: a line a detector, with a band over seeds and samples. */
interface SweepChartData extends Heading {
  axis: SweepChartAxis;
  /** What the vertical axis shows: "AUROC". */
  metric: string;
  /** The vertical axis, which panels beside each other share. */
  low: number;
  high: number;
  lines: readonly SweepLine[];
  /** Values were drawn at random, so that no line joins them. */
  isScattered?: boolean;
}

/** Room for names and figures beside the plot, px: by the longest name, and not so much that the plot has none. */
const leastLabelRoom = 120;
const mostLabelRoom = 216;
const characterWidth = 6.9;
/** Beside the name stand a piece of the line, the figure and gaps. */
const besideName = 96;
/** Between the points of lines at the same choice, px. */
const dodge = 9;

/** Where a value stands on the axis: itself, or its place among the values. */
function placeOf({ scale, values }: SweepChartAxis, x: number | string): number {
  return scale === 'linear' || scale === 'log' ? Number(x) : values.indexOf(x);
}

function horizontalAxis(theme: ChartTheme, { scale, values }: SweepChartAxis) {
  const shared = { grid: false, line: true } as const;
  if (scale === 'steps' || scale === 'choice') {
    const label = (place: number) => String(values[Math.round(place)] ?? '');
    const ticks = [...values.keys()];
    return axis(theme, { type: 'linear', min: -0.5, max: values.length - 0.5, ticks, label, ...shared });
  }
  const numbers = values.map(Number);
  const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
  const type = scale === 'log' ? ('logarithmic' as const) : ('linear' as const);
  // Few values are their own ticks: nothing was measured between them.
  const ticks = values.length <= 8 ? numbers : scale === 'log' ? logTicks(min, max) : linearTicks(min, max, 6);
  return axis(theme, { type, min, max, ticks, label: (value) => tickLabel(Number(value.toPrecision(3))), ...shared });
}

/** Draws what lies between the bounds of a line, or a whisker at each point of one that joins nothing. */
function boundsPlugin(theme: ChartTheme, data: SweepChartData): Plugin {
  const isJoined = isLine(data);
  return {
    id: 'bounds',
    beforeDatasetsDraw(chart) {
      const pen = penOf(chart);
      const x = chart.scales['x']!;
      const y = chart.scales['y']!;
      data.lines.forEach((line, place) => {
        const { colour } = theme.series[line.series]!;
        const known = line.points.flatMap((point) => {
          if (point.lower === null || point.upper === null) return [];
          const left = x.getPixelForValue(placeOf(data.axis, point.x)) + (isJoined ? 0 : shift(data, place));
          return [{ left, lower: y.getPixelForValue(point.lower), upper: y.getPixelForValue(point.upper) }];
        });
        if (isJoined && known.length > 1) fillBand(pen, known, withOpacity(colour, 0.12));
        else for (const { left, lower, upper } of known) drawLine(pen, [[left, lower], [left, upper]], { colour, width: 1.5 }); // prettier-ignore
      });
    },
  };
}

function fillBand(pen: Pen, points: readonly { left: number; lower: number; upper: number }[], colour: string): void {
  pen.save();
  pen.fillStyle = colour;
  pen.beginPath();
  points.forEach(({ left, upper }, i) => (i === 0 ? pen.moveTo(left, upper) : pen.lineTo(left, upper)));
  for (const { left, lower } of points.toReversed()) pen.lineTo(left, lower);
  pen.closePath();
  pen.fill();
  pen.restore();
}

function labelRoom({ lines }: SweepChartData): number {
  const longest = Math.max(...lines.map(({ name }) => name.length));
  return Math.min(mostLabelRoom, Math.max(leastLabelRoom, besideName + longest * characterWidth));
}

const isLine = ({ axis: { scale }, isScattered }: SweepChartData) => scale !== 'choice' && isScattered !== true;

/** Lines at the same choice stand beside one another, px. */
const shift = ({ lines, axis: { scale } }: SweepChartData, place: number) =>
  scale === 'choice' ? (place - (lines.length - 1) / 2) * dodge : 0;

/** A point as Chart.js calls it; the last is a square on its corner. */
export type PointShape = 'circle' | 'triangle' | 'rect' | 'rectRot';

/** Shapes of points that no line joins, which tell detectors apart beside their colours. */
export const pointShapes: readonly PointShape[] = ['circle', 'triangle', 'rect', 'rectRot', 'circle', 'triangle', 'rect', 'rectRot']; // prettier-ignore
/** From this place on the shapes are hollow. */
export const firstHollow = 4;

/** Points of a choice stand where their whiskers do, which a scale cannot say. */
function shiftPlugin(data: SweepChartData): Plugin {
  return {
    id: 'shift',
    afterUpdate(chart) {
      data.lines.forEach((_, place) => {
        for (const point of chart.getDatasetMeta(place).data) point.x += shift(data, place);
      });
    },
  };
}

/** A line a detector from point to point, over its band. */
export function sweepChart(data: SweepChartData, theme: ChartTheme): ChartConfig {
  const isJoined = isLine(data);
  const hasLabels = isJoined && data.lines.length > 1;
  return {
    type: 'line',
    data: {
      datasets: data.lines.map(({ points, series }) => {
        const { colour, dash } = theme.series[series]!;
        return {
          data: points.map((point) => ({ x: placeOf(data.axis, point.x), y: point.y })),
          showLine: isJoined,
          borderColor: colour,
          borderDash: [...dash],
          borderWidth: 2,
          borderJoinStyle: 'round' as const,
          pointStyle: isJoined ? ('circle' as const) : pointShapes[series]!,
          pointRadius: isJoined ? 3 : 4,
          pointBorderWidth: 1.5,
          pointBorderColor: colour,
          pointBackgroundColor: points.map(({ isCounted }) =>
            isCounted && (isJoined || series < firstHollow) ? colour : theme.surface,
          ),
          clip: 8,
        };
      }),
    },
    options: {
      ...baseOptions(data, { above: 6, right: hasLabels ? labelRoom(data) : 12 }),
      scales: {
        x: horizontalAxis(theme, data.axis),
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
      axisTitlesPlugin(theme, { x: axisTitle(data.axis), y: verticalTitle(data) }),
      boundsPlugin(theme, data),
      ...(data.axis.scale === 'choice' ? [shiftPlugin(data)] : []),
      ...(hasLabels
        ? [
            endLabelsPlugin(
              theme,
              data.lines.flatMap(({ name, series, points }) => {
                const last = points.at(-1);
                if (!last) return [];
                const { colour, dash } = theme.series[series]!;
                return [{ scale: 'y', value: last.y, text: name, figure: formatMetric(last.y), colour, dash }];
              }),
            ),
          ]
        : []),
    ],
  };
}

const axisTitle = ({ label, scale }: SweepChartAxis) => (scale === 'log' ? `${label}, log scale` : label);

const verticalTitle = ({ metric, low }: Pick<SweepChartData, 'metric' | 'low'>) =>
  low === 0 ? metric : `${metric}, axis from ${tickLabel(low)}`;

/** The ends of a vertical axis that has room for these figures and their intervals: whole tenths, 1 at most. */
export function verticalRange(points: Iterable<Pick<SweepPoint, 'y' | 'lower' | 'upper'>>): {
  low: number;
  high: number;
} {
  let [low, high] = [1, 0];
  for (const { y, lower, upper } of points) {
    low = Math.min(low, lower ?? y);
    high = Math.max(high, upper ?? y);
  }
  if (low > high) return { low: 0, high: 1 };
  const from = Math.max(0, Math.floor(low * 10 + 1e-9) / 10);
  return { low: from, high: Math.min(1, Math.max(Math.ceil(high * 10 - 1e-9) / 10, from + 0.1)) };
}

/** The chart in a sentence a detector. */
export function describeSweep({ axis: { label }, metric, lines }: SweepChartData): string {
  const courses = lines.flatMap(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    if (!first || !last) return [];
    const at = ({ x, y }: SweepPoint) => `${formatMetric(y)} at ${typeof x === 'number' ? tickLabel(x) : x}`;
    return [first === last ? `${name}: ${at(first)}.` : `${name}: ${at(first)}, ${at(last)}.`];
  });
  return `${metric} against ${label.toLowerCase()}, with 95 % intervals. ${courses.join(' ')}`;
}

/** One row a point. */
export function sweepToTable({ axis: { label }, metric, lines }: SweepChartData): ChartTable {
  return {
    header: ['detector', label.toLowerCase(), metric, 'lower', 'upper', 'counted'],
    rows: lines.flatMap(({ name, points }) =>
      points.map(({ x, y, lower, upper, isCounted }) => [name, x, y, lower, upper, isCounted ? 'yes' : 'no']),
    ),
  };
}
