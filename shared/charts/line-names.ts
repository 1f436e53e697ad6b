import type { Plugin } from 'chart.js';
import { fitted } from './chart.ts';
import { drawLine, penOf, widthOf, write, type Area } from './pen.ts';
import type { ChartTheme, SeriesStyle } from './theme.ts';

type Point = readonly [number, number];
type Polyline = readonly Point[];

/** A rectangle in px, the name of a line in it. */
export interface NameBox {
  left: number;
  top: number;
  width: number;
}

const boxHeight = 18;
const sample = 20;
const gap = 6;
/** Longer names are cut: between five lines there is no room for more. */
const mostWidth = 130;
/** Distance of a name from the point of its line that it stands at, px. */
const offset = 8;
/** Other lines nearer than this to the point that a name stands at make it hard to see which one is meant, px. */
const crowded = 18;

/** Points along a line, at most `step` px apart. */
function along(line: Polyline, step: number): Point[] {
  return line.flatMap(([x, y], i): Point[] => {
    const [fromX, fromY] = line[i - 1] ?? [x, y];
    const parts = Math.max(1, Math.ceil(Math.hypot(x - fromX, y - fromY) / step));
    return Array.from({ length: parts }, (_, k) => {
      const share = (k + 1) / parts;
      return [fromX + share * (x - fromX), fromY + share * (y - fromY)];
    });
  });
}

const isWithin = (margin: number, [x, y]: Point, { left, top, width }: NameBox) =>
  x > left - margin && x < left + width + margin && y > top - margin && y < top + boxHeight + margin;

const meet = (a: NameBox, b: NameBox) =>
  a.left < b.left + b.width + gap && b.left < a.left + a.width + gap && Math.abs(a.top - b.top) < boxHeight;

/**
 * A place within `area` for the name of each of the first `widths.length` lines, beside its own line where few points of any are
 * in the way; lines and widths in px. The same lines give the same places.
 */
export function placeNames(lines: readonly Polyline[], widths: readonly number[], area: Area): NameBox[] {
  const points = lines.map((line) => along(line, 4));
  const placed: NameBox[] = [];
  widths.forEach((width, own) => {
    const others = points.filter((_, i) => i !== own).flat();
    const cost = (box: NameBox, [x, y]: Point) => {
      const covered = points.reduce((sum, line) => sum + line.filter((point) => isWithin(2, point, box)).length, 0);
      const near = others.filter(
        (point) => isWithin(8, point, box) || Math.hypot(point[0] - x, point[1] - y) < crowded,
      ).length;
      return 1000 * placed.filter((other) => meet(box, other)).length + 50 * covered + near;
    };
    let best: { box: NameBox; cost: number } | undefined;
    for (const point of along(lines[own]!, 16)) {
      const [x, y] = point;
      for (const left of [x + offset, x - offset - width])
        for (const top of [y + offset, y - offset - boxHeight]) {
          const box = { left, top, width };
          if (left < area.left + 2 || left + width > area.right || top < area.top || top + boxHeight > area.bottom)
            continue;
          const found = cost(box, point);
          if (!best || found < best.cost) best = { box, cost: found };
        }
    }
    placed.push(best?.box ?? { left: area.left + offset, top: area.top + own * boxHeight, width });
  });
  return placed;
}

/** A line of a chart by its values, with what it is called. */
interface NamedLine {
  text: string;
  style: SeriesStyle;
  data: readonly { x: number; y: number }[];
}

/**
 * Names lines within the plot, each beside itself and behind a piece of it. `halo` clears what lies behind the words: for a plot
 * that is not filled.
 */
export function lineNamesPlugin(theme: ChartTheme, lines: readonly NamedLine[], { halo = false } = {}): Plugin {
  // Looking for places takes longer than a frame has, and a chart is redrawn whenever the pointer moves.
  let found: { of: string; places: NameBox[] } | undefined;
  return {
    id: 'lineNames',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const x = chart.scales['x']!;
      const y = chart.scales['y']!;
      const pixels = (data: NamedLine['data']) =>
        data.map((point): Point => [x.getPixelForValue(point.x), y.getPixelForValue(point.y)]);
      const measured = (text: string) => widthOf(pen, theme, text, { size: 12 });
      const texts = lines.map(({ text }) => fitted(text, mostWidth, measured));
      const widths = texts.map((text) => sample + gap + measured(text));
      const { left: from, right, top: highest, bottom } = chart.chartArea;
      const of = [from, right, highest, bottom, x.min, x.max, y.min, y.max, ...widths].join();
      if (found?.of !== of) {
        const placed = placeNames(
          lines.map(({ data }) => pixels(data)),
          widths,
          chart.chartArea,
        );
        found = { of, places: placed };
      }
      found.places.forEach(({ left, top }, i) => {
        const { style } = lines[i]!;
        const middle = top + boxHeight / 2;
        drawLine(
          pen,
          [
            [left, middle],
            [left + sample, middle],
          ],
          { ...style, width: 2 },
        );
        write(pen, theme, texts[i]!, left + sample + gap, middle, { size: 12, halo });
      });
    },
  };
}
