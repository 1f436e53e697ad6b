import type { Plugin } from 'chart.js';
import { drawLine, drawMark, penOf, write, type Area, type Pen, type Shape } from './pen.ts';
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

/** A line of the key that stands beside curves which lie too close for labels of their own. */
interface KeyEntry {
  text: string;
  figure: string;
  style: SeriesStyle;
}

const keyRow = 20;
const keySample = 26;
const keyGap = 20;
/** Upper bound of a character's mean width at 12 px: room is needed before there is a pen to measure with. */
const characterWidth = 6.9;
const figureWidth = 40;

/** The room to the right of the plot that a key takes, px. */
export function keyRoom(entries: readonly KeyEntry[]): number {
  const longest = Math.max(...entries.map(({ text }) => text.length));
  return Math.ceil(keyGap + keySample + 8 + longest * characterWidth + 12 + figureWidth);
}

/** Names curves that all meet in one corner, to the right of the plot: a piece of the line, its name and its figure. */
export function keyPlugin(theme: ChartTheme, head: string, entries: readonly KeyEntry[]): Plugin {
  return {
    id: 'key',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const { right, top } = chart.chartArea as Area;
      const end = right + keyRoom(entries);
      const start = right + keyGap;
      write(pen, theme, head, end, top + 6, { colour: theme.ink3, align: 'right' });
      entries.forEach(({ text, figure, style }, i) => {
        const middle = top + 6 + keyRow * (i + 1);
        drawLine(
          pen,
          [
            [start, middle],
            [start + keySample, middle],
          ],
          { ...style, width: 2 },
        );
        write(pen, theme, text, start + keySample + 8, middle, { size: 12 });
        write(pen, theme, figure, end, middle, { size: 12, strong: true, align: 'right' });
      });
    },
  };
}
