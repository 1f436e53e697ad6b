import type { Plugin } from 'chart.js';
import { headingPlugin, type ChartConfig, type ChartTable, type Heading } from './chart.ts';
import { penOf, write, type Pen } from './pen.ts';
import { withOpacity, type ChartTheme } from './theme.ts';

/** Correlations between things that have names, the layers of a model say. */
export interface CorrelationChartData extends Heading {
  names: readonly string[];
  /** Symmetric, -1 to 1; null where there is none. */
  matrix: readonly (readonly (number | null)[])[];
}

const paperMargin = 16;
const cellWidth = 56;
const cellHeight = 34;
const headRoom = 28;
const legendRoom = 56;
const legendCell = 34;

/** Magnitudes at which the steps of the heat scale begin: finer near 1, where the differences matter. */
const stepsFrom = [0, 0.1, 0.3, 0.5, 0.7, 0.86, 0.96];

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

/** The size that the chart needs, px. */
export function correlationSize({ names, ...heading }: CorrelationChartData): { width: number; height: number } {
  const { margin = paperMargin } = heading;
  const longest = Math.max(...names.map((name) => name.length));
  // A row's name stands behind its cells, so the last row decides; the first rows leave room for the legend's seven steps.
  const width = 2 * margin + (names.length - 1) * cellWidth + 12 + longest * 7.4;
  return {
    width: Math.ceil(Math.max(width, 440)),
    height: topOf({ names, ...heading }) + names.length * cellHeight + legendRoom + margin,
  };
}

/** A field of the heat scale; the bare surface, which is its first step, has an edge. */
function drawField(
  pen: Pen,
  theme: ChartTheme,
  step: number,
  ink: string,
  x: number,
  y: number,
  size: readonly [number, number],
): void {
  const [width, height] = size;
  pen.save();
  pen.fillStyle = step > 0 ? theme.surface : theme.grid;
  pen.fillRect(x, y, width, height);
  pen.fillStyle = step > 0 ? withOpacity(ink, theme.heat.steps[step]!) : theme.surface;
  if (step > 0) pen.fillRect(x, y, width, height);
  else pen.fillRect(x + 1, y + 1, width - 2, height - 2);
  pen.restore();
}

function drawCell(pen: Pen, theme: ChartTheme, value: number | null, x: number, y: number): void {
  const step = value === null ? 0 : stepOf(value);
  const ink = value !== null && value < 0 ? theme.heat.inkBelow : theme.heat.ink;
  drawField(pen, theme, step, ink, x, y, [cellWidth - 1, cellHeight - 1]);
  const colour = step === stepsFrom.length - 1 ? theme.heat.cellInkDeep : theme.heat.cellInk;
  const text = value === null ? '–' : formatCorrelation(value);
  write(pen, theme, text, x + cellWidth / 2, y + cellHeight / 2, { size: 12, colour, align: 'center' });
}

/** Each pair once; a name stands behind its row and over its column. */
function trianglePlugin(
  theme: ChartTheme,
  { names, matrix, margin = paperMargin }: CorrelationChartData,
  top: number,
): Plugin {
  return {
    id: 'triangle',
    afterDraw(chart) {
      const pen = penOf(chart);
      names.forEach((name, i) => {
        const y = top + i * cellHeight;
        for (let j = 0; j < i; j++) drawCell(pen, theme, matrix[i]![j]!, margin + j * cellWidth, y);
        write(pen, theme, name, margin + i * cellWidth + (i === 0 ? 0 : 8), y + cellHeight / 2 + 1, {
          size: 12,
          strong: true,
        });
      });
    },
  };
}

/** The seven steps with the magnitudes at which they begin, and where there is one the other ink. */
function legendPlugin(theme: ChartTheme, { matrix, margin = paperMargin }: CorrelationChartData, top: number): Plugin {
  const hasNegative = matrix.some((row) => row.some((value) => value !== null && value <= -stepsFrom[1]!));
  return {
    id: 'legend',
    afterDraw(chart) {
      const pen = penOf(chart);
      const steps = [
        ...(hasNegative
          ? stepsFrom
              .map((from, step) => ({ from: -from, step, ink: theme.heat.inkBelow }))
              .slice(1)
              .reverse()
          : []),
        ...stepsFrom.map((from, step) => ({ from, step, ink: theme.heat.ink })),
      ];
      const width = hasNegative ? 30 : legendCell;
      steps.forEach(({ from, step, ink }, i) => {
        const x = margin + i * width;
        drawField(pen, theme, step, ink, x, top, [width - 1, 10]);
        // A step is named where it begins: at its side towards 0, and 0 in the middle where there are two sides.
        const align = from < 0 ? 'right' : from === 0 && hasNegative ? 'center' : 'left';
        const at = { left: x, center: x + (width - 1) / 2, right: x + width - 1 }[align];
        write(pen, theme, String(from).replace('-', '−').replace('0.', '.'), at, top + 20, {
          colour: theme.ink3,
          align,
        });
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
