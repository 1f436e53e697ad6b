import type { Plugin } from 'chart.js';
import { fitted } from './chart.ts';
import { drawLine, drawMark, penOf, widthOf, write, type Area, type Pen, type Shape } from './pen.ts';
import type { ChartTheme, SeriesStyle } from './theme.ts';

/**
 * Moves centres apart, in their order, so that they are `gap` away from each other and within `low` to `high`; nearer to each
 * other where that is too short for all of them.
 */
export function spread(centres: readonly number[], wanted: number, low: number, high: number): number[] {
  const gap = Math.min(wanted, (high - low) / Math.max(1, centres.length - 1));
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
  /** The line's own dash, so that colour is not all that distinguishes it. */
  dash?: readonly number[];
  shape?: Shape;
}

/** Room to the right of a plot for the names of lines at their ends, px; longer ones are cut. */
export function endRoom(names: readonly string[]): number {
  const longest = Math.max(...names.map((name) => name.length));
  return Math.ceil(endText + Math.min(mostEndText, longest * characterWidth));
}

/** From the plot to the text of a label, and the longest text, px. */
const endText = 40;
const mostEndText = 150;

/** Names lines at their right ends, moved apart where they would meet; those of panels that lie below each other in one column. */
export function endLabelsPlugin(theme: ChartTheme, labels: readonly EndLabel[]): Plugin {
  return {
    id: 'endLabels',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const { right, top, bottom } = chart.chartArea as Area;
      const wanted = labels.map(({ scale, value }) => chart.scales[scale]!.getPixelForValue(value));
      const placed = spread(wanted, 16, top + 4, bottom - 4);
      labels.forEach((label, i) => drawEndLabel(pen, theme, label, [right, chart.width], wanted[i]!, placed[i]!));
    },
  };
}

/** Between the plot's right end and that of the chart. */
function drawEndLabel(
  pen: Pen,
  theme: ChartTheme,
  label: EndLabel,
  [right, end]: readonly [number, number],
  from: number,
  y: number,
): void {
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
  // A dash needs a longer piece of its line to be recognised.
  const half = label.dash ? 10 : 4;
  const x = right + 14 + half;
  if (label.shape) drawMark(pen, label.shape, x, y, label.colour);
  else
    drawLine(
      pen,
      [
        [x - half, y],
        [x + half, y],
      ],
      { colour: label.colour, width: 2, ...(label.dash ? { dash: label.dash } : {}) },
    );
  const start = x + half + 6;
  const figureWidth = widthOf(pen, theme, label.figure, { size: 12, strong: true });
  const room = end - start - 6 - figureWidth;
  const text = fitted(label.text, room, (part) => widthOf(pen, theme, part, { size: 12 }));
  const width = write(pen, theme, text, start, y, { size: 12 });
  if (label.figure !== '') write(pen, theme, label.figure, start + 6 + width, y, { size: 12, strong: true });
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
/** Longer names take several lines, the most of which are {@link keyLines}. */
const mostKeyText = 220;
const keyLines = 3;
const keyLine = 15;

/** The room to the right of the plot that a key takes, px. */
export function keyRoom(entries: readonly KeyEntry[]): number {
  const longest = Math.max(...entries.map(({ text }) => text.length));
  return Math.ceil(keyGap + keySample + 8 + Math.min(mostKeyText, longest * characterWidth) + 12 + figureWidth);
}

/** `text` in lines of at most `room`, broken between words; the last of the `most` lines is cut where more would be needed. */
function brokenLines(text: string, room: number, most: number, width: (text: string) => number): string[] {
  const lines: string[] = [];
  const words = text.split(' ');
  while (words.length > 0) {
    if (lines.length === most - 1) return [...lines, fitted(words.join(' '), room, width)];
    let line = words.shift()!;
    while (words.length > 0 && width(`${line} ${words[0]!}`) <= room) line += ` ${words.shift()!}`;
    lines.push(fitted(line, room, width));
  }
  return lines;
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
      const size = 12;
      const room = end - figureWidth - 12 - (start + keySample + 8);
      let middle = top + 6;
      for (const { text, figure, style } of entries) {
        middle += keyRow;
        drawLine(
          pen,
          [
            [start, middle],
            [start + keySample, middle],
          ],
          { ...style, width: 2 },
        );
        write(pen, theme, figure, end, middle, { size, strong: true, align: 'right' });
        brokenLines(text, room, keyLines, (line) => widthOf(pen, theme, line, { size })).forEach((line, i) => {
          if (i > 0) middle += keyLine;
          write(pen, theme, line, start + keySample + 8, middle, { size });
        });
      }
    },
  };
}
