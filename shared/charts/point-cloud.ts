import type { Plugin } from 'chart.js';
import { formatCount } from '../format.ts';
import { drawMark, penOf, widthOf, write, type Area } from './pen.ts';
import { withOpacity, type ChartTheme } from './theme.ts';
import { tickLabel } from './ticks.ts';

/** Test samples as points in a plane. */
export interface PointCloud {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  /** 1 = anomalous. */
  anomalous: ArrayLike<number>;
  /** What anomalous samples are called: "Triggered". */
  anomalousWord?: string;
  /** Colours of another meaning than clean and anomalous, which the marks keep. */
  shades?: PointShades;
}

/** What the points are coloured by. */
export interface PointShades {
  /** The column of metadata. */
  name: string;
  /** Place of each point's colour: of `words`, or a step of heat; -1 where it has no value. */
  of: Int8Array;
  /** What the colours mean: one a category, or the ends of the range that the steps of heat divide. */
  words: readonly string[];
  isHeat: boolean;
}

/** The colour of a point; a pale one where it has no value. */
function shadeOf(theme: ChartTheme, { of, isHeat }: PointShades, point: number): string {
  const place = of[point]!;
  if (place < 0) return withOpacity(theme.ink3, 0.35);
  if (isHeat) return withOpacity(theme.heat.ink, 0.2 + (0.8 * place) / (heatShades - 1));
  return withOpacity(theme.series[place % theme.series.length]!.colour, 0.8);
}

/** Steps into which a range of numbers is divided. */
const heatShades = 7;
/** Categories that have a colour of their own. */
const mostCategories = 8;

/**
 * Returns the colours of points by their values in a column of metadata: a colour for each of up to eight values, of more the seven
 * most frequent ones and the rest together; steps of heat where they are more than eight numbers.
 */
export function shadesBy(name: string, values: readonly (string | number | null)[]): PointShades {
  const counts = new Map<string | number, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  const numbers = [...counts.keys()].filter((value) => typeof value === 'number' && Number.isFinite(value)) as number[];
  if (numbers.length === counts.size && counts.size > mostCategories) {
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const step = (value: string | number | null) =>
      typeof value === 'number'
        ? Math.min(heatShades - 1, Math.floor(((value - low) / (high - low)) * heatShades))
        : -1;
    return { name, of: Int8Array.from(values, step), words: [tickLabel(low), tickLabel(high)], isHeat: true };
  }
  const order = [...counts]
    .sort((a, b) => b[1] - a[1] || (String(a[0]) < String(b[0]) ? -1 : 1))
    .map(([value]) => value);
  const own = order.length > mostCategories ? order.slice(0, mostCategories - 1) : order;
  const words = own.map(String);
  if (own.length < order.length) words.push(`${order.length - own.length} others`);
  const place = (value: string | number | null) =>
    value === null ? -1 : own.includes(value) ? own.indexOf(value) : own.length;
  return { name, of: Int8Array.from(values, place), words, isHeat: false };
}

/** Room above the plot for the names of both marks, px. */
export const kindsRoom = 22;
const kinds = ['clean', 'anomalous'] as const;

/** How many samples have this label. */
function countOf(labels: ArrayLike<number>, label: number): number {
  let count = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === label) count++;
  return count;
}

/** The range of the values with a margin, so that no mark is cut by the plot's edge. */
export function paddedRange(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  // A single value stands in the middle of some range.
  const margin = high > low ? (high - low) * 0.04 : Math.abs(high) * 0.1 || 1;
  return [low - margin, high + margin];
}

/** In the order given, which mixes the classes: neither lies on top of the other. */
export function pointsPlugin(theme: ChartTheme, { x, y, anomalous, shades }: PointCloud): Plugin {
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
        const colour = shades ? shadeOf(theme, shades, i) : colours[kind]!;
        drawMark(pen, shape, ...at, colour, dense ? 2.4 : 3);
      }
    },
  };
}

/** Names both marks above the plot, at its right end. */
export function kindsPlugin(theme: ChartTheme, data: PointCloud): Plugin {
  return {
    id: 'kinds',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const { right, top } = chart.chartArea as Area;
      const y = top - kindsRoom / 2 - 2;
      let end = right;
      for (const [flag, kind] of [...kinds.entries()].reverse()) {
        const count = countOf(data.anomalous, flag);
        const text = `${kind === 'clean' ? 'Clean' : (data.anomalousWord ?? 'Anomalous')}, ${formatCount(count)}`;
        const start = end - widthOf(pen, theme, text, { size: 12, strong: true });
        write(pen, theme, text, start, y, { size: 12, strong: true });
        const colour = data.shades ? theme.ink3 : theme[kind];
        drawMark(pen, kind === 'clean' ? 'circle' : 'triangle', start - 9, y, colour);
        end = start - 30;
      }
    },
  };
}
