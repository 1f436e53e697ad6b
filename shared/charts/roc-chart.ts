import type { Chart, Plugin } from 'chart.js';
import { formatInterval, formatMetric, formatPercent, type Bounds } from '../format.ts';
import {
  axis,
  axisBreakPlugin,
  axisTitlesPlugin,
  baseOptions,
  headingPlugin,
  now,
  type ChartConfig,
  type ChartTable,
  type Heading,
  type Live,
} from './chart.ts';
import { endLabelsPlugin, endRoom, keyPlugin, keyRoom } from './labels.ts';
import { lineNamesPlugin } from './line-names.ts';
import { boxOf, drawLine, drawMark, isInside, meet, penOf, write, type Area, type Pen, type TextStyle } from './pen.ts';
import type { ChartTheme, SeriesStyle } from './theme.ts';
import { linearTicks, logTicks, tickLabel } from './ticks.ts';

interface RocCurve {
  name: string;
  fpr: readonly number[];
  tpr: readonly number[];
  auroc: number;
  interval?: Bounds;
  /** Its place among the colours, the same in all charts; its own place among the curves where left out. */
  series?: number;
}

/** One curve, or up to eight to be compared. */
interface RocChartData extends Heading {
  curves: readonly RocCurve[];
  /** Number of clean samples: one of them is the smallest false alarm rate that can be seen. */
  nClean: number;
  /** Log FPR where nothing is said: the region up to 1 % is the one people work in. */
  scale?: 'log' | 'linear';
  /** Names curves within the plot and leaves their AUROC out, which stands elsewhere, in place of a key beside the plot. */
  namesInside?: boolean;
  /** Draws false alarm rates up to this one only, 0 to 1, and names curves where they leave the plot. */
  upTo?: number;
  /** A threshold, by what it reaches; drawn for a single curve, once it is known. */
  point?: Live<Rates | undefined>;
}

/** What a threshold reaches, 0 to 1. */
type Rates = Readonly<{ fpr: number; tpr: number }>;

/** At most eight curves can be told apart, by colour, dashes and names; more call for small multiples. */
export const mostCurves = 8;

/** The curves in drawing order and how each looks. A single one has no class or rank, hence plain ink. */
export function styledCurves<T extends { name: string; series?: number }>(
  curves: readonly T[],
  theme: ChartTheme,
): { curve: T; style: SeriesStyle }[] {
  const ink = { colour: theme.dataInk, dash: [] };
  return curves.slice(0, mostCurves).map((curve, i) => {
    const place = curve.series ?? (curves.length === 1 ? -1 : i);
    return { curve, style: theme.series[place] ?? ink };
  });
}

/** An axis that shows part of the rates opens here at the lowest: below are single samples, %. */
const lowestOfPart = 0.1;

/** The part of a curve between two rates in percent, with the values that it has at both. */
function partOf({ fpr, tpr }: Pick<RocCurve, 'fpr' | 'tpr'>, from: number, to: number): { x: number; y: number }[] {
  const points = fpr.map((rate, k) => ({ x: rate * 100, y: tpr[k]! * 100 }));
  const at = (x: number) => {
    const after = points.findIndex((point) => point.x > x);
    if (after === -1) return points.at(-1)?.y ?? 0;
    const [a, b] = [points[after - 1] ?? { x: 0, y: 0 }, points[after]!];
    return a.y + ((x - a.x) / (b.x - a.x)) * (b.y - a.y);
  };
  return [{ x: from, y: at(from) }, ...points.filter(({ x }) => x > from && x <= to), { x: to, y: at(to) }];
}

/** What a detector reaches that guesses, written along its line. */
function guessing(low: number, high: number): { x: number; y: number }[] {
  const points = 80;
  return Array.from({ length: points + 1 }, (_, i) => low * (high / low) ** (i / points)).map((x) => ({ x, y: x }));
}

/** Rates at which the line of guessing may be named, best first. */
const guessingPlaces = { log: [42, 60, 25, 80, 12, 6, 3], linear: [50, 65, 35, 80, 20] } as const;

/** Names the line of guessing where the words beside the point leave room. */
function guessingLabelPlugin(
  theme: ChartTheme,
  scale: 'log' | 'linear',
  point: { rates: Live<Rates | undefined>; lowest: number } | undefined,
): Plugin {
  const align = scale === 'log' ? 'right' : 'left';
  const style = { colour: theme.ink3, align, halo: true } as const;
  return {
    id: 'guessing',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const rates = point && now(point.rates);
      const taken = rates ? pointWords(chart, pen, theme, rates, point.lowest) : [];
      for (const rate of guessingPlaces[scale]) {
        const x = chart.scales['x']!.getPixelForValue(rate) + (align === 'right' ? -8 : 8);
        const y = chart.scales['y']!.getPixelForValue(rate);
        const box = boxOf(pen, theme, 'Guessing', x, y, style);
        if (!isInside(box, chart.chartArea) || taken.some((other) => meet(box, other.box, 2))) continue;
        write(pen, theme, 'Guessing', x, y, style);
        return;
      }
    },
  };
}

/** Where a point of the curve is, px. */
function placeOf(chart: Chart, point: Rates, lowest: number): { x: number; y: number } {
  return {
    x: chart.scales['x']!.getPixelForValue(Math.max(point.fpr * 100, lowest)),
    y: chart.scales['y']!.getPixelForValue(point.tpr * 100),
  };
}

/** The words beside a point, on the side that has room. */
function pointWords(chart: Chart, pen: Pen, theme: ChartTheme, point: Rates, lowest: number) {
  const { left, right } = chart.chartArea as Area;
  const { x, y } = placeOf(chart, point, lowest);
  const words: { text: string; style: TextStyle }[] = [
    { text: `TPR ${formatPercent(point.tpr)}`, style: { strong: true, halo: true } },
    { text: `at FPR ${formatPercent(point.fpr)}`, style: { colour: theme.ink2, halo: true } },
  ];
  const width = Math.max(
    ...words.map(({ text, style }) => {
      const box = boxOf(pen, theme, text, 0, 0, style);
      return box.right - box.left;
    }),
  );
  // Below a curve that has risen there is room; above one that has not.
  const above = point.tpr < 0.3;
  const toLeft = above ? x - left - 10 >= width : right - x - 10 < width;
  const at = toLeft ? Math.max(x - 10, left + width) : Math.min(x + 10, right - width);
  const align = toLeft ? 'right' : 'left';
  return words.map(({ text, style }, i) => {
    const line = { at, y: (above ? y - 28 : y + 18) + 15 * i, style: { ...style, align } as const };
    return { text, ...line, box: boxOf(pen, theme, text, at, line.y, line.style) };
  });
}

/** Marks what a threshold reaches: lines to both axes and the two rates in words. */
function pointPlugin(theme: ChartTheme, rates: Live<Rates | undefined>, lowest: number): Plugin {
  return {
    id: 'point',
    afterDatasetsDraw(chart) {
      const point = now(rates);
      if (!point) return;
      const pen = penOf(chart);
      const { left, bottom } = chart.chartArea as Area;
      const { x, y } = placeOf(chart, point, lowest);
      drawLine(
        pen,
        [
          [left, y],
          [x, y],
          [x, bottom],
        ],
        { colour: theme.ink3, dash: [2, 3] },
      );
      drawMark(pen, 'circle', x, y, theme.surface, 6);
      drawMark(pen, 'circle', x, y, theme.accent, 4.5);
      for (const { text, at, y: middle, style } of pointWords(chart, pen, theme, point, lowest))
        write(pen, theme, text, at, middle, style);
    },
  };
}

/**
 * ROC curves, rates in percent. The logarithmic axis opens at half a clean sample, which stands for an FPR of 0 and is
 * labelled so, with a break in the axis after it.
 */
export function rocChart(data: RocChartData, theme: ChartTheme): ChartConfig {
  const log = (data.scale ?? 'log') === 'log';
  const highest = 100 * (data.upTo ?? 1);
  const halfSample = 50 / data.nClean;
  const lowest = log ? (data.upTo === undefined ? halfSample : Math.max(halfSample, lowestOfPart)) : 0;
  // The axis begins with what stands for no false alarm, or above it.
  const opensAtNone = lowest === halfSample;
  const point = data.curves.length === 1 && data.point ? { rates: data.point, lowest } : undefined;
  const oneSample = 100 / data.nClean;
  const curves = styledCurves(data.curves, theme);
  const key = curves.map(({ curve, style }) => ({ text: curve.name, figure: formatMetric(curve.auroc), style }));
  const hasEnds = key.length > 1 && data.upTo !== undefined;
  const hasNames = key.length > 1 && !hasEnds && data.namesInside === true;
  const hasKey = key.length > 1 && !hasNames && !hasEnds;
  const lines = curves.map(({ curve: { name, fpr, tpr }, style }) => ({
    text: name,
    style,
    data:
      data.upTo === undefined
        ? fpr.map((rate, k) => ({ x: Math.max(rate * 100, lowest), y: tpr[k]! * 100 }))
        : partOf({ fpr, tpr }, lowest, highest),
  }));
  const guess = log
    ? guessing(lowest, highest)
    : [
        { x: 0, y: 0 },
        { x: highest, y: highest },
      ];
  const guessStyle = { colour: theme.axis, dash: [3, 3] };
  const ticks = !log
    ? linearTicks(0, highest, 4)
    : opensAtNone
      ? [lowest, ...logTicks(oneSample, highest)]
      : logTicks(lowest, highest);
  const ends = [...lines, { text: 'Guessing', style: guessStyle, data: guess }].map(
    ({ text, style, data: points }) => ({
      scale: 'y',
      value: points.at(-1)?.y ?? 0,
      text,
      figure: '',
      ...style,
    }),
  );
  return {
    type: 'line',
    data: {
      datasets: [
        {
          data: guess,
          borderColor: guessStyle.colour,
          borderWidth: 1,
          borderDash: [...guessStyle.dash],
          pointRadius: 0,
        },
        ...lines.map(({ data: points, style }, i) => ({
          // Dashed lines over the solid one: where curves coincide, all can be seen.
          order: -i,
          data: points,
          borderColor: style.colour,
          borderDash: [...style.dash],
          borderWidth: 2,
          borderJoinStyle: 'miter' as const,
          pointRadius: 0,
          clip: 4,
        })),
      ],
    },
    options: {
      ...baseOptions(data, {
        right: hasKey ? keyRoom(key) : hasEnds ? endRoom(ends.map(({ text }) => text)) : 0,
      }),
      scales: {
        x: axis(theme, {
          type: log ? 'logarithmic' : 'linear',
          min: lowest,
          max: highest,
          ticks,
          label: (value) => (log && opensAtNone && value === lowest ? '0' : tickLabel(value)),
          grid: true,
          line: true,
        }),
        y: axis(theme, {
          type: 'linear',
          min: 0,
          max: 100,
          ticks: [0, 25, 50, 75, 100],
          label: tickLabel,
          grid: true,
          line: false,
        }),
      },
    },
    plugins: [
      headingPlugin(theme, data),
      axisTitlesPlugin(theme, { x: `FPR, %${log ? ', log scale' : ''}`, y: 'TPR, %' }),
      ...(log && opensAtNone ? [axisBreakPlugin(theme, lowest, oneSample)] : []),
      ...(hasEnds ? [endLabelsPlugin(theme, ends)] : []),
      ...(hasNames
        ? [lineNamesPlugin(theme, [...lines, { text: 'Guessing', style: guessStyle, data: guess }], { halo: true })]
        : hasEnds
          ? []
          : [guessingLabelPlugin(theme, log ? 'log' : 'linear', point)]),
      ...(point ? [pointPlugin(theme, point.rates, lowest)] : []),
      ...(hasKey ? [keyPlugin(theme, 'AUROC', key)] : []),
    ],
  };
}

/** The chart in a sentence or two. */
export function describeRoc({ curves }: RocChartData): string {
  const best = curves.reduce((a, b) => (b.auroc > a.auroc ? b : a));
  const interval = best.interval ? ` (95 % interval ${formatInterval(best.interval)})` : '';
  const others = curves.length > 1 ? `Of ${curves.length} curves ${best.name} is the best` : best.name;
  return `ROC. ${others}: AUROC ${formatMetric(best.auroc)}${interval}, where 0.5 is guessing.`;
}

/** One row a point. */
export function rocToTable({ curves }: RocChartData): ChartTable {
  return {
    header: ['curve', 'fpr', 'tpr'],
    rows: curves.flatMap(({ name, fpr, tpr }) => fpr.map((x, i) => [name, x, tpr[i]!])),
  };
}
