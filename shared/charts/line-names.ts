import type { Plugin } from 'chart.js';
import { fitted } from './chart.ts';
import { drawLine, isInside, meet, penOf, widthOf, write, type Area } from './pen.ts';
import type { ChartTheme, SeriesStyle } from './theme.ts';

type Point = readonly [number, number];
type Polyline = readonly Point[];

const boxHeight = 18;
const sample = 20;
const gap = 6;
/** Longer names are cut: between several lines there is no room for more. */
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

const isWithin = (margin: number, [x, y]: Point, { left, right, top, bottom }: Area) =>
  x > left - margin && x < right + margin && y > top - margin && y < bottom + margin;

const boxAt = (left: number, top: number, width: number): Area => ({
  left,
  right: left + width,
  top,
  bottom: top + boxHeight,
});

/** Where a name of a width may stand beside a line: to both sides of its points, below and above them. */
const besideLine = (line: Polyline, width: number) =>
  along(line, 16).flatMap(([x, y]) =>
    [x + offset, x - offset - width].flatMap((left) =>
      [y + offset, y - offset - boxHeight].map((top) => ({ box: boxAt(left, top, width), at: [x, y] as Point })),
    ),
  );

/** All rows of the area, from its right end to its left: where names stand that find no place beside their lines. */
const inRows = ({ left, right, top, bottom }: Area, width: number) =>
  Array.from({ length: Math.floor((bottom - top) / boxHeight) }, (_, row) => bottom - (row + 1) * boxHeight).flatMap(
    (y) =>
      Array.from({ length: Math.floor((right - left - width) / 16) + 1 }, (_, k) => ({
        box: boxAt(right - width - 16 * k, y, width),
        at: undefined,
      })),
  );

/** The names below each other at the lower right; undefined where the area is too small for them. */
function inColumn(widths: readonly number[], { left, right, top, bottom }: Area): Area[] | undefined {
  if (widths.length * boxHeight > bottom - top || Math.max(...widths) > right - left) return undefined;
  const widest = Math.max(...widths);
  return widths.map((width, i) => boxAt(right - widest, bottom - (widths.length - i) * boxHeight, width));
}

/**
 * A place within `area` for the name of each of the first `widths.length` lines, beside its own line where few points of any are
 * in the way; lines and widths in px. No two names meet: one that finds no place beside its line stands where there is one, and
 * where that is nowhere all stand in a column. undefined where not even that has room. The same lines give the same places.
 */
export function placeNames(lines: readonly Polyline[], widths: readonly number[], area: Area): Area[] | undefined {
  const points = lines.map((line) => along(line, 4));
  const within = { ...area, left: area.left + 2 };
  const placed: Area[] = [];
  for (const [own, width] of widths.entries()) {
    const others = points.filter((_, i) => i !== own).flat();
    const isFree = (box: Area) => isInside(box, within) && !placed.some((other) => meet(box, other, gap));
    const cost = (box: Area, at: Point | undefined) => {
      const covered = points.reduce((sum, line) => sum + line.filter((point) => isWithin(2, point, box)).length, 0);
      const isNear = (point: Point) =>
        isWithin(8, point, box) || (at !== undefined && Math.hypot(point[0] - at[0], point[1] - at[1]) < crowded);
      return 50 * covered + others.filter(isNear).length;
    };
    const free = [besideLine(lines[own]!, width), inRows(within, width)]
      .map((places) => places.filter(({ box }) => isFree(box)))
      .find((places) => places.length > 0);
    if (!free) return inColumn(widths, within);
    const costs = free.map(({ box, at }) => cost(box, at));
    placed.push(free[costs.indexOf(Math.min(...costs))]!.box);
  }
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
 * that is not filled. `plain` leaves the piece of the line out, where there is no line.
 */
export function lineNamesPlugin(
  theme: ChartTheme,
  lines: readonly NamedLine[],
  { halo = false, plain = false } = {},
): Plugin {
  // Looking for places takes longer than a frame has, and a chart is redrawn whenever the pointer moves.
  let found: { of: string; places: readonly Area[] } | undefined;
  return {
    id: 'lineNames',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const x = chart.scales['x']!;
      const y = chart.scales['y']!;
      const pixels = (data: NamedLine['data']) =>
        data.map((point): Point => [x.getPixelForValue(point.x), y.getPixelForValue(point.y)]);
      const measured = (text: string) => widthOf(pen, theme, text, { size: 12 });
      const { left: from, right, top: highest, bottom } = chart.chartArea;
      const before = plain ? 0 : sample + gap;
      const room = Math.min(mostWidth, right - from - before - gap);
      const texts = lines.map(({ text }) => fitted(text, room, measured));
      const widths = texts.map((text) => before + measured(text));
      const of = [from, right, highest, bottom, x.min, x.max, y.min, y.max, ...widths].join();
      if (found?.of !== of) {
        const placed = placeNames(
          lines.map(({ data }) => pixels(data)),
          widths,
          chart.chartArea,
        );
        found = { of, places: placed ?? [] };
      }
      found.places.forEach(({ left, top }, i) => {
        const { style } = lines[i]!;
        const middle = top + boxHeight / 2;
        const piece: [number, number][] = [
          [left, middle],
          [left + sample, middle],
        ];
        if (!plain) drawLine(pen, piece, { ...style, width: 2 });
        write(pen, theme, texts[i]!, left + before, middle, { size: 12, halo });
      });
    },
  };
}
