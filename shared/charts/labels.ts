import type { Chart, Plugin } from 'chart.js';
import { drawLine, drawMark, penOf, widthOf, write, type Area, type Pen, type Shape } from './pen.ts';
import type { ChartTheme, SeriesStyle } from './theme.ts';

/** Moves centres apart, in their order, so that they are `gap` away from each other and within `low` to `high`. */
export function spread(centres: readonly number[], gap: number, low: number, high: number): number[] {
  const order = centres.map((_, i) => i).sort((a, b) => centres[a]! - centres[b]!);
  const placed = [...centres];
  let least = low;
  for (const i of order) {
    placed[i] = Math.max(placed[i]!, least);
    least = placed[i] + gap;
  }
  let most = high;
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i]!, most);
    most = placed[i] - gap;
  }
  return placed;
}

/** What stands at the end of a line. */
export interface EndLabel {
  scale: string;
  /** The line's last value. */
  value: number;
  text: string;
  figure: string;
  colour: string;
  shape?: Shape;
}

/** Names lines at their right ends, moved apart where they would meet. */
export function endLabelsPlugin(theme: ChartTheme, labels: readonly EndLabel[]): Plugin {
  return {
    id: 'endLabels',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      for (const name of new Set(labels.map(({ scale }) => scale))) {
        const scale = chart.scales[name]!;
        const here = labels.filter((label) => label.scale === name);
        const wanted = here.map(({ value }) => scale.getPixelForValue(value));
        const placed = spread(wanted, 16, scale.top + 4, scale.bottom - 4);
        here.forEach((label, i) => drawEndLabel(pen, theme, label, chart.chartArea.right, wanted[i]!, placed[i]!));
      }
    },
  };
}

function drawEndLabel(pen: Pen, theme: ChartTheme, label: EndLabel, right: number, from: number, y: number): void {
  // A leader where the label had to leave its line.
  if (Math.abs(from - y) > 2)
    drawLine(
      pen,
      [
        [right + 5, from],
        [right + 11, y],
      ],
      { colour: theme.axis },
    );
  const x = right + 18;
  if (label.shape) drawMark(pen, label.shape, x, y, label.colour);
  else
    drawLine(
      pen,
      [
        [x - 4, y],
        [x + 4, y],
      ],
      { colour: label.colour, width: 2 },
    );
  const width = write(pen, theme, label.text, x + 10, y, { size: 12 });
  write(pen, theme, label.figure, x + 16 + width, y, { size: 12, strong: true });
}

/** A line of the key that stands in the plot where curves lie too close for labels of their own. */
export interface KeyEntry {
  text: string;
  figure: string;
  style: SeriesStyle;
}

const keyRow = 18;
const keySample = 26;

/** Whether a segment comes near a rectangle, by stepping along it. */
function crosses(area: Area, [ax, ay]: readonly [number, number], [bx, by]: readonly [number, number]): boolean {
  const steps = Math.max(1, Math.ceil(Math.hypot(bx - ax, by - ay) / 4));
  for (let k = 0; k <= steps; k++) {
    const x = ax + ((bx - ax) * k) / steps;
    const y = ay + ((by - ay) * k) / steps;
    if (x >= area.left && x <= area.right && y >= area.top && y <= area.bottom) return true;
  }
  return false;
}

/** How many pieces of the chart's lines run through a rectangle. */
export function crossings(chart: Chart, area: Area): number {
  let count = 0;
  chart.data.datasets.forEach((_, index) => {
    const points = chart.getDatasetMeta(index).data.map(({ x, y }) => [x, y] as const);
    for (let i = 1; i < points.length; i++) if (crosses(area, points[i - 1]!, points[i]!)) count++;
  });
  return count;
}

/**
 * The place, out of a grid over the plot, where a block of `width` by `height` px meets the fewest lines; among equals the
 * one closest to the share of the plot's width and height that is `wanted`.
 */
export function freePlace(
  chart: Chart,
  width: number,
  height: number,
  wanted: { x: number; y: number },
): { x: number; y: number } {
  const { left, right, top, bottom } = chart.chartArea as Area;
  const inset = 10;
  let best = { x: left, y: top };
  let bestCost = Infinity;
  for (let i = 0; i <= 12; i++) {
    for (let j = 0; j <= 12; j++) {
      const x = left + inset + ((right - left - width - 2 * inset) * i) / 12;
      const y = top + inset + ((bottom - top - height - 2 * inset) * j) / 12;
      const met = crossings(chart, { left: x - 8, right: x + width + 8, top: y - 6, bottom: y + height + 6 });
      const cost = met + Math.hypot(i / 12 - wanted.x, j / 12 - wanted.y) / 10;
      if (cost < bestCost) [best, bestCost] = [{ x, y }, cost];
    }
  }
  return best;
}

/** Names curves that all meet in one corner by a key in the emptiest part of the plot: a piece of line, name and figure. */
export function keyPlugin(
  theme: ChartTheme,
  head: string,
  entries: readonly KeyEntry[],
  wanted: { x: number; y: number },
): Plugin {
  return {
    id: 'key',
    afterDatasetsDraw(chart) {
      if (entries.length === 0) return;
      const pen = penOf(chart);
      const names = Math.max(...entries.map(({ text }) => widthOf(pen, theme, text, { size: 12 })));
      const figures = Math.max(
        widthOf(pen, theme, head),
        ...entries.map(({ figure }) => widthOf(pen, theme, figure, { size: 12, strong: true })),
      );
      const width = keySample + 8 + names + 16 + figures;
      const height = keyRow * (entries.length + 1);
      const { x, y } = freePlace(chart, width, height, wanted);
      pen.save();
      pen.fillStyle = theme.surface;
      pen.fillRect(x - 6, y - 2, width + 12, height + 4);
      pen.restore();
      write(pen, theme, head, x + width, y + keyRow / 2, { colour: theme.ink3, align: 'right' });
      entries.forEach(({ text, figure, style }, i) => {
        const middle = y + keyRow * (i + 1.5);
        drawLine(
          pen,
          [
            [x, middle],
            [x + keySample, middle],
          ],
          { ...style, width: 2 },
        );
        write(pen, theme, text, x + keySample + 8, middle, { size: 12 });
        write(pen, theme, figure, x + width, middle, { size: 12, strong: true, align: 'right' });
      });
    },
  };
}
