import type { Plugin } from 'chart.js';
import { formatCount } from '../format.ts';
import { drawMark, penOf, widthOf, write, type Area } from './pen.ts';
import { withOpacity, type ChartTheme } from './theme.ts';

/** Test samples as points in a plane. */
export interface PointCloud {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  /** 1 = anomalous. */
  anomalous: ArrayLike<number>;
  /** What anomalous samples are called: "Triggered". */
  anomalousWord?: string;
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
export function pointsPlugin(theme: ChartTheme, { x, y, anomalous }: PointCloud): Plugin {
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
        drawMark(pen, kind === 'clean' ? 'circle' : 'triangle', start - 9, y, theme[kind]);
        end = start - 30;
      }
    },
  };
}
