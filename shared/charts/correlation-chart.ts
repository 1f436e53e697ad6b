import type { Plugin } from 'chart.js';
import { fitted, headingPlugin, type ChartConfig, type ChartTable, type Heading } from './chart.ts';
import { boxOf, meet, penOf, widthOf, write, type Area, type Pen } from './pen.ts';
import { withOpacity, type ChartTheme } from './theme.ts';

/** Correlations between things that have names, the layers of a model say. */
interface CorrelationChartData extends Heading {
  names: readonly string[];
  /** Symmetric, -1 to 1; null where there is none. */
  matrix: readonly (readonly (number | null)[])[];
}

const paperMargin = 16;
/** What a cell has on paper, the least that its figure takes, and the most, px. */
const cellWidth = 56;
const leastCellWidth = 42;
const mostCellWidth = 160;
const cellHeight = 34;
const headRoom = 28;
const legendRoom = 56;
const legendCell = 34;

/** Magnitudes at which the steps of the heat scale begin: finer near 1, where the differences matter. */
const stepsFrom = [0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95];

function stepOf(value: number): number {
  return stepsFrom.findLastIndex((from) => Math.abs(value) >= from);
}

/** "0.87", "−0.12"; what is not quite 1 never reads 1.00. */
export function formatCorrelation(value: number): string {
  const size = Math.abs(value);
  const shown = size < 1 && size >= 0.995 ? '>0.99' : size.toFixed(2);
  return `${value < 0 && shown !== '0.00' ? '−' : ''}${shown}`;
}

function topOf({ title, margin = paperMargin }: CorrelationChartData): number {
  return margin + (title === undefined ? 0 : headRoom);
}

/** Room for the longest name behind its row, px: there is no pen to measure with. */
function nameRoom(names: readonly string[]): number {
  return 12 + 7.4 * Math.max(...names.map((name) => name.length));
}

/** The size that the chart needs, px. */
export function correlationSize({ names, ...heading }: CorrelationChartData): { width: number; height: number } {
  const { margin = paperMargin } = heading;
  // A row's name stands behind its cells, so the last row decides; the first rows leave room for the legend's seven steps.
  const width = 2 * margin + (names.length - 1) * cellWidth + nameRoom(names);
  return {
    width: Math.ceil(Math.max(width, 440)),
    height: topOf({ names, ...heading }) + names.length * cellHeight + legendRoom + margin,
  };
}

/** How wide cells are in a chart of `width` px: as wide as there is room for, up to a bound. */
function cellWidthIn(width: number, { names, margin = paperMargin }: CorrelationChartData): number {
  const room = width - 2 * margin - nameRoom(names);
  return Math.floor(Math.min(mostCellWidth, Math.max(leastCellWidth, room / (names.length - 1))));
}

/** A step of the heat scale as a field. The bare surface, its first step, has an edge; below 0 a bar says so besides the colour. */
function drawField(
  pen: Pen,
  theme: ChartTheme,
  { step, isNegative }: { step: number; isNegative: boolean },
  x: number,
  y: number,
  size: readonly [number, number],
): void {
  const [width, height] = size;
  const ink = isNegative ? theme.heat.inkBelow : theme.heat.ink;
  pen.save();
  pen.fillStyle = step > 0 ? theme.surface : theme.grid;
  pen.fillRect(x, y, width, height);
  pen.fillStyle = step > 0 ? withOpacity(ink, theme.heat.steps[step]!) : theme.surface;
  if (step > 0) pen.fillRect(x, y, width, height);
  else pen.fillRect(x + 1, y + 1, width - 2, height - 2);
  if (isNegative && step > 0) {
    pen.fillStyle = step === stepsFrom.length - 1 ? theme.heat.cellInkDeep : ink;
    pen.fillRect(x + 2, y + height - 4, width - 4, 2);
  }
  pen.restore();
}

function drawCell(pen: Pen, theme: ChartTheme, value: number | null, x: number, y: number, width: number): void {
  const step = value === null ? 0 : stepOf(value);
  drawField(pen, theme, { step, isNegative: (value ?? 0) < 0 }, x, y, [width - 1, cellHeight - 1]);
  const colour = step === stepsFrom.length - 1 ? theme.heat.cellInkDeep : theme.heat.cellInk;
  const text = value === null ? '–' : formatCorrelation(value);
  write(pen, theme, text, x + width / 2, y + cellHeight / 2, { size: 12, colour, align: 'center' });
}

/** Each pair once; a name stands behind its row and over its column. */
function trianglePlugin(theme: ChartTheme, data: CorrelationChartData, top: number): Plugin {
  const { names, matrix, margin = paperMargin } = data;
  return {
    id: 'triangle',
    afterDraw(chart) {
      const pen = penOf(chart);
      const width = cellWidthIn(chart.width, data);
      names.forEach((name, i) => {
        const y = top + i * cellHeight;
        for (let j = 0; j < i; j++) drawCell(pen, theme, matrix[i]![j]!, margin + j * width, y, width);
        const style = { size: 12, strong: true } as const;
        const start = margin + i * width + (i === 0 ? 0 : 8);
        const text = fitted(name, chart.width - start, (part) => widthOf(pen, theme, part, style));
        write(pen, theme, text, start, y + cellHeight / 2 + 1, style);
      });
    },
  };
}

/** The steps in a row with the correlations at their borders; those below 0 only where there are any. */
function legendPlugin(theme: ChartTheme, { matrix, margin = paperMargin }: CorrelationChartData, top: number): Plugin {
  const hasNegative = matrix.some((row) => row.some((value) => value !== null && value <= -stepsFrom[1]!));
  const positive = stepsFrom.map((_, step) => ({ step, isNegative: false }));
  const negative = positive.slice(1).map(({ step }) => ({ step, isNegative: true }));
  const steps = hasNegative ? [...negative.reverse(), ...positive] : positive;
  const borders = [...stepsFrom, 1];
  // The middle step of two sides is one of its own, from -0.2 to 0.2.
  const marks = hasNegative
    ? [
        ...borders
          .slice(1)
          .map((border) => -border)
          .reverse(),
        ...borders.slice(1),
      ]
    : borders;
  return {
    id: 'legend',
    afterDraw(chart) {
      const pen = penOf(chart);
      const width = Math.min(legendCell, Math.floor((chart.width - 2 * margin - 16) / steps.length));
      const left = margin;
      steps.forEach((step, i) => drawField(pen, theme, step, left + i * width, top, [width - 1, 12]));
      let last: Area | undefined;
      marks.forEach((mark, i) => {
        const text = String(mark).replace('-', '−').replace('0.', '.');
        // The scale begins where the matrix does, so its first figure stands behind its border and not across it.
        const [x, align] = i === 0 ? ([left, 'left'] as const) : ([left + i * width - 0.5, 'center'] as const);
        const style = { colour: theme.ink3, align };
        const box = boxOf(pen, theme, text, x, top + 22, style);
        if (last && meet(last, box, 3)) return;
        last = box;
        write(pen, theme, text, x, top + 22, style);
      });
    },
  };
}

/** The lower triangle of a correlation matrix on the heat scale, the figure in every cell. */
export function correlationChart(data: CorrelationChartData, theme: ChartTheme): ChartConfig {
  const top = topOf(data);
  return {
    type: 'line',
    data: { datasets: [] },
    options: {
      animation: false,
      responsive: false,
      maintainAspectRatio: false,
      plugins: { legend: { display: false }, tooltip: { enabled: false } },
      scales: { x: { display: false }, y: { display: false } },
    },
    plugins: [
      headingPlugin(theme, data),
      trianglePlugin(theme, data, top),
      legendPlugin(theme, data, top + data.names.length * cellHeight + 18),
    ],
  };
}

/** The chart in a sentence or two. */
export function describeCorrelation({ names, matrix, title }: CorrelationChartData): string {
  const pairs = names.flatMap((name, i) =>
    names.slice(0, i).flatMap((other, j) => {
      const value = matrix[i]![j];
      return typeof value === 'number' ? [{ pair: `${other} and ${name}`, value }] : [];
    }),
  );
  const heading = `${title ?? 'Correlation'}, −1 to 1.`;
  if (pairs.length === 0) return `${heading} There is none to be computed.`;
  const sorted = pairs.sort((a, b) => b.value - a.value);
  const of = ({ pair, value }: { pair: string; value: number }) => `${pair} (${formatCorrelation(value)})`;
  const least = sorted.length > 1 ? `, lowest between ${of(sorted[sorted.length - 1]!)}` : '';
  return `${heading} It is highest between ${of(sorted[0]!)}${least}.`;
}

/** One row a pair. */
export function correlationToTable({ names, matrix }: CorrelationChartData): ChartTable {
  return {
    header: ['a', 'b', 'correlation'],
    rows: names.flatMap((name, i) => names.slice(0, i).map((other, j) => [other, name, matrix[i]![j] ?? null])),
  };
}
