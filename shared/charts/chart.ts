import type { ChartConfiguration, ChartOptions, Plugin, Scale, ScaleOptionsByType } from 'chart.js';
import { boxOf, drawLine, meet, penOf, widthOf, write, type Area, type Pen } from './pen.ts';
import type { ChartTheme } from './theme.ts';

/** A chart as Chart.js takes it; needs no DOM until it is drawn. */
export type ChartConfig = ChartConfiguration<'line' | 'bar', { x: number | string; y: number | string | null }[]>;

/** The numbers of a chart, for its table view and CSV. */
export interface ChartTable {
  header: string[];
  rows: (string | number | null)[][];
}

/** What stands above a chart that stands alone; the window has panel heads instead. */
export interface Heading {
  title?: string;
  /** What it was measured on, with the interval of its main figure. */
  subtitle?: string;
  /** Empty room around the chart, px: 16 on paper of its own; a panel has room enough. */
  margin?: number;
}

/** A figure that a chart draws: fixed, or asked for at every drawing, so that it can move while the chart stays. */
export type Live<T extends Still> = T | (() => T);

/** Nothing that could be called itself. */
type Still = number | string | null | undefined | Readonly<Record<string, number>>;

/** What a {@link Live} figure is now. */
export function now<T extends Still>(figure: Live<T>): T {
  return typeof figure === 'function' ? figure() : figure;
}

const paperMargin = 16;
const headingHeight = 32;
const axisTitleHeight = 16;

interface Room {
  /** Room above the plot for labels, px. */
  above?: number;
  /** Room to the left of the axis for its title, px. */
  left?: number;
  /** Room to the right of the plot for labels, px. */
  right?: number;
}

/** The options that all charts share: no animation of what is drawn once, no legend, room for what we write ourselves. */
export function baseOptions(heading: Heading, room: Room = {}): ChartOptions<'line' | 'bar'> {
  const margin = heading.margin ?? paperMargin;
  const top = margin + (heading.title === undefined ? 0 : headingHeight) + (room.above ?? 0);
  return {
    animation: false,
    responsive: false,
    maintainAspectRatio: false,
    normalized: true,
    layout: {
      padding: {
        left: margin + (room.left ?? 0),
        right: margin + (room.right ?? 0),
        top,
        bottom: margin + axisTitleHeight - 4,
      },
    },
    plugins: { legend: { display: false }, tooltip: { enabled: false } },
  };
}

/** The scales of scales.ts by what Chart.js knows them as. */
export const scaleIds = { linear: 'linear-axis', logarithmic: 'logarithmic-axis' } as const;

interface AxisSpec {
  type: 'linear' | 'logarithmic';
  min: number;
  max: number;
  ticks: readonly number[];
  label: (value: number) => string;
  grid: boolean;
  /** Draws the axis line itself. */
  line: boolean;
}

/** The range of an axis, or the nearest one that has a place for every number: finite, of finite width, and not of width 0. */
function drawableRange({ type, min, max }: AxisSpec): { min: number; max: number } {
  const furthest = Number.MAX_VALUE / 4;
  const least = type === 'logarithmic' ? Number.MIN_VALUE : -furthest;
  const [low, high] = [min, max].map((end) => Math.min(furthest, Math.max(least, end))) as [number, number];
  if (high - low > Math.abs(low) * 1e-9) return { min: low, max: high };
  // A single value; NaN is none.
  return Number.isFinite(low) ? { min: low, max: low + (Math.abs(low) / 10 || 1) } : { min: 0, max: 1 };
}

/** Distance between the labels of an axis, px. */
const tickGap = 5;

/**
 * Places of the labels that stay where not all have room: every second, every third one and so on, counted from the last; on a
 * logarithmic axis its start and powers of ten.
 */
function readableTicks(type: AxisSpec['type'], values: readonly number[], boxes: readonly Area[]): readonly number[] {
  const all = [...values.keys()];
  const every = (places: readonly number[], k: number) => places.filter((_, i) => (places.length - 1 - i) % k === 0);
  const fit = (places: readonly number[]) =>
    places.every((place, i) => i === 0 || !meet(boxes[places[i - 1]!]!, boxes[place]!, tickGap));
  if (type === 'linear') return all.map((k) => every(all, k + 1)).find(fit) ?? [];
  const powers = all.filter((i) => isPowerOfTen(values[i]!) && !meet(boxes[0]!, boxes[i]!, tickGap));
  return [all, ...all.map((k) => [0, ...every(powers, k + 1)])].find(fit) ?? [];
}

function isPowerOfTen(value: number): boolean {
  const power = Math.log10(value);
  return Math.abs(power - Math.round(power)) < 1e-9;
}

/** What a scale of Chart.js is, for a chart that writes its own labels. */
interface LabelledScale {
  ctx: Pen;
  ticks: { value: number; label: string }[];
  isHorizontal: () => boolean;
  getPixelForValue: (value: number) => number;
}

/** Takes the labels off ticks that have no room for them; their grid lines stay. */
function dropCrowdedLabels(theme: ChartTheme, type: AxisSpec['type'], scale: LabelledScale): void {
  const boxes = scale.ticks.map(({ value, label }) => {
    const at = scale.getPixelForValue(value);
    return scale.isHorizontal()
      ? boxOf(scale.ctx, theme, label, at, 0, { align: 'center' })
      : boxOf(scale.ctx, theme, label, 0, at);
  });
  const values = scale.ticks.map(({ value }) => value);
  const kept = readableTicks(type, values, boxes);
  scale.ticks.forEach((tick, i) => {
    if (!kept.includes(i)) tick.label = '';
  });
}

/** A numeric axis with the ticks that are given and no others, of whose labels as many are written as have room. */
export function axis(theme: ChartTheme, spec: AxisSpec): Partial<ScaleOptionsByType<'linear' | 'logarithmic'>> {
  return {
    type: scaleIds[spec.type],
    ...drawableRange(spec),
    title: { display: false },
    grid: { display: spec.grid, color: theme.grid, drawTicks: false, lineWidth: 1 },
    border: { display: spec.line, color: theme.axis },
    ticks: {
      color: theme.ink3,
      font: { family: theme.font, size: 11 },
      padding: 6,
      autoSkip: false,
      maxRotation: 0,
      callback: (value: number | string) => spec.label(Number(value)),
    },
    afterBuildTicks: (scale: { ticks: { value: number }[] }) => {
      scale.ticks = spec.ticks.map((value) => ({ value }));
    },
    afterUpdate: (scale: LabelledScale) => dropCrowdedLabels(theme, spec.type, scale),
  } as never;
}

/** Distance between a name and its row, px. */
const namePadding = 8;

/** A vertical axis with a name for each row, those at the places in `strong` set apart. Names are cut where they take half of the chart. */
export function namesAxis(theme: ChartTheme, strong: readonly boolean[]) {
  return {
    type: 'category',
    grid: { display: false },
    border: { display: false },
    ticks: {
      color: strong.map((isStrong) => (isStrong ? theme.ink : theme.ink2)),
      font: strong.map((isStrong) => ({ family: theme.font, size: 12, weight: isStrong ? 600 : 400 })) as never,
      padding: namePadding,
      autoSkip: false,
      callback(this: Scale, value: number | string): string {
        const width = (text: string) => widthOf(penOf(this.chart), theme, text, { size: 12, strong: true });
        return fitted(this.getLabelForValue(Number(value)), this.maxWidth - namePadding - 6, width);
      },
    },
  } as const;
}

/** Writes the heading at the top left: the title, and behind it in grey what it was measured on. */
export function headingPlugin(theme: ChartTheme, { title, subtitle, margin = paperMargin }: Heading): Plugin {
  return {
    id: 'heading',
    afterDraw(chart) {
      if (title === undefined) return;
      const pen = penOf(chart);
      const width = write(pen, theme, title, margin, margin + 8, { size: 13, strong: true });
      if (subtitle === undefined) return;
      const room = chart.width - 2 * margin - width - 10;
      write(
        pen,
        theme,
        fitted(subtitle, room, (text) => widthOf(pen, theme, text, { size: 12 })),
        margin + width + 10,
        margin + 8,
        {
          size: 12,
          colour: theme.ink3,
        },
      );
    },
  };
}

/** `text`, cut with an ellipsis where it is wider than `room`. */
export function fitted(text: string, room: number, width: (text: string) => number): string {
  if (width(text) <= room) return text;
  let length = text.length;
  while (length > 1 && width(`${text.slice(0, length).trimEnd()}…`) > room) length--;
  return `${text.slice(0, length).trimEnd()}…`;
}

/** Distance between the titles of both axes, which share a line, px. */
const titleGap = 14;

/**
 * Writes axis titles below the plot: that of the vertical axis at the left, that of the horizontal one at the right end. Where
 * they are too long for one line, the longer one is cut, or both to a half.
 */
export function axisTitlesPlugin(theme: ChartTheme, titles: { x: string; y?: string }): Plugin {
  return {
    id: 'axisTitles',
    afterDraw(chart) {
      const pen = penOf(chart);
      const { left, right } = chart.chartArea as Area;
      const y = chart.scales['x']!.bottom + axisTitleHeight / 2 - 4;
      const style = { size: 11, colour: theme.ink3 } as const;
      const width = (text: string) => widthOf(pen, theme, text, style);
      const wide = titles.y === undefined ? 0 : width(titles.y) + titleGap;
      const crowded = wide + width(titles.x) > right - left;
      // The room below the labels of the vertical axis is free.
      const start = crowded ? (chart.scales['y']?.left ?? left) : left;
      const half = (right - start) / 2;
      const forX = Math.max(half, right - start - wide);
      if (titles.y !== undefined) {
        const forY = Math.max(half, right - start - width(titles.x)) - titleGap;
        write(pen, theme, fitted(titles.y, forY, width), start, y, style);
      }
      write(pen, theme, fitted(titles.x, forX, width), right, y, { ...style, align: 'right' });
    },
  };
}

/** Two strokes across the horizontal axis between `from` and `to`: the axis does not run on evenly there. */
export function axisBreakPlugin(theme: ChartTheme, from: number, to: number): Plugin {
  return {
    id: 'axisBreak',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const scale = chart.scales['x']!;
      const x = (scale.getPixelForValue(from) + scale.getPixelForValue(to)) / 2;
      const y = chart.chartArea.bottom;
      drawLine(
        pen,
        [
          [x - 3, y],
          [x + 3, y],
        ],
        { colour: theme.surface, width: 3 },
      );
      for (const shift of [-3, 3])
        drawLine(
          pen,
          [
            [x + shift - 2, y + 4],
            [x + shift + 2, y - 4],
          ],
          { colour: theme.axis },
        );
    },
  };
}
