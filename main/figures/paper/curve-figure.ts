import { drawLine, write, type Pen } from '../../../shared/charts/pen.ts';
import type { SweepChartAxis, SweepLine, SweepPoint } from '../../../shared/charts/sweep-chart.ts';
import { withOpacity } from '../../../shared/charts/theme.ts';
import { linearTicks, logTicks, tickLabel } from '../../../shared/charts/ticks.ts';
import { exportTheme } from '../figure.ts';
import { cut, notesBelow, textWidth } from './paper-text.ts';
import { tooNarrow, type PaperDrawing } from './paper.ts';

/** Lines in one frame. */
export interface CurvePanel {
  title: string;
  axis: SweepChartAxis;
  /** Values were drawn at random, so that no line joins them. */
  isScattered: boolean;
  /** Lines of so many points that none is marked. */
  isDense?: boolean;
  lines: readonly SweepLine[];
}

/** Curves as they are drawn: panels with the same vertical axis. */
interface CurveData {
  panels: readonly CurvePanel[];
  low: number;
  high: number;
  /** All lines, for the legend. */
  names: readonly Pick<SweepLine, 'name' | 'series'>[];
  notes: readonly string[];
}

const gap = 18;
const leastPanelPx = 150;
const mostColumns = 3;
/** Beside a plot: figures of the vertical axis. */
const besidePx = 26;
const titlePx = 18;
/** Below a plot: figures and title of the horizontal axis. */
const belowPx = 40;
const legendRowPx = 16;
const swatchPx = 24;
/** Between the points of lines at the same value, where no line joins them, px. */
const dodge = 7;

/** Where a plot is, and where its values are in it. */
interface Plot {
  left: number;
  right: number;
  top: number;
  bottom: number;
  x: (value: number | string) => number;
  y: (value: number) => number;
}

/** Lays out a metric against what is swept: a panel a task, a line a detector over its band. @throws CupbearerError `usage` where there is no room. */
export function curveDrawing({ panels, low, high, names, notes }: CurveData, width: number): PaperDrawing {
  if (width < leastPanelPx) throw tooNarrow('The curves');
  const columns = Math.max(1, Math.min(mostColumns, panels.length, Math.floor((width + gap) / (leastPanelPx + gap))));
  const panelPx = (width - gap * (columns - 1)) / columns;
  const plotPx = Math.round(Math.min(170, (panelPx - besidePx) * 0.75));
  const rowPx = titlePx + plotPx + belowPx;
  const legend = legendOf(names, width);
  const legendTop = Math.ceil(panels.length / columns) * rowPx;
  const below = notesBelow(notes, legendTop + legend.height, width);
  return {
    height: below.bottom + 2,
    draw(pen) {
      panels.forEach((panel, i) => {
        const left = (i % columns) * (panelPx + gap);
        const top = Math.floor(i / columns) * rowPx;
        write(pen, exportTheme, cut(panel.title, panelPx), left, top + titlePx / 2 - 2, { strong: true });
        const area = { left: left + besidePx, right: left + panelPx - 14, top: top + titlePx, bottom: top + titlePx + plotPx }; // prettier-ignore
        drawPanel(pen, panel, plotOf(area, panel, { low, high }), linearTicks(low, high, 4));
      });
      legend.draw(pen, legendTop);
      below.draw(pen);
    },
  };
}

function plotOf(
  area: Pick<Plot, 'left' | 'right' | 'top' | 'bottom'>,
  { axis: { scale, values } }: CurvePanel,
  { low, high }: { low: number; high: number },
): Plot {
  const { left, right, top, bottom } = area;
  const isMeasured = scale === 'linear' || scale === 'log';
  const placeOf = (value: number | string) =>
    !isMeasured ? values.indexOf(value) : scale === 'log' ? Math.log(Number(value)) : Number(value);
  const places = values.map(placeOf);
  const margin = isMeasured ? 0 : 0.5;
  const [from, to] = [Math.min(...places) - margin, Math.max(...places) + margin];
  return {
    ...area,
    x: (value) => (to > from ? left + ((placeOf(value) - from) / (to - from)) * (right - left) : (left + right) / 2),
    y: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
  };
}

function drawPanel(
  pen: Pen,
  { axis, isScattered, isDense = false, lines }: CurvePanel,
  plot: Plot,
  ticks: readonly number[],
): void {
  const { left, right, bottom, x, y } = plot;
  for (const tick of ticks) {
    drawLine(pen, [[left, y(tick)], [right, y(tick)]], { colour: exportTheme.grid }); // prettier-ignore
    write(pen, exportTheme, tickLabel(tick), left - 5, y(tick), { align: 'right', colour: exportTheme.ink3 });
  }
  drawLine(pen, [[left, bottom], [right, bottom]], { colour: exportTheme.axis }); // prettier-ignore
  drawTicks(pen, axis, plot);
  const title = axis.scale === 'log' ? `${axis.label}, log scale` : axis.label;
  const room = right - left + besidePx;
  write(pen, exportTheme, cut(title, room), (left + right) / 2, bottom + 26, {
    align: 'center',
    colour: exportTheme.ink2,
  });
  const isJoined = axis.scale !== 'choice' && !isScattered;
  lines.forEach((line, place) => {
    const shift = axis.scale === 'choice' ? (place - (lines.length - 1) / 2) * dodge : 0;
    drawCourse(pen, line, { isJoined, isDense }, (value) => x(value) + shift, y);
  });
}

/** Writes the values of the horizontal axis, each that has room beside the one before. */
function drawTicks(pen: Pen, { scale, values }: SweepChartAxis, { left, right, bottom, x }: Plot): void {
  const numbers = values.map(Number);
  const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
  const isMeasured = scale === 'linear' || scale === 'log';
  const ticks =
    !isMeasured || values.length <= 8 ? values : scale === 'log' ? logTicks(min, max) : linearTicks(min, max, 5);
  const room = (right - left) / Math.max(1, ticks.length);
  let end = -Infinity;
  for (const tick of ticks) {
    const label = typeof tick === 'number' ? tickLabel(Number(tick.toPrecision(3))) : cut(tick, Math.max(room, 30));
    const half = textWidth(label) / 2;
    drawLine(pen, [[x(tick), bottom], [x(tick), bottom + 3]], { colour: exportTheme.axis }); // prettier-ignore
    if (x(tick) - half < end + 4) continue;
    write(pen, exportTheme, label, x(tick), bottom + 11, { align: 'center', colour: exportTheme.ink3 });
    end = x(tick) + half;
  }
}

function drawCourse(
  pen: Pen,
  { series, points }: SweepLine,
  { isJoined, isDense }: { isJoined: boolean; isDense: boolean },
  x: (value: number | string) => number,
  y: (value: number) => number,
): void {
  const { colour, dash } = exportTheme.series[series]!;
  const bounded = points.flatMap(({ x: at, lower, upper }) =>
    lower === null || upper === null ? [] : [{ left: x(at), lower: y(lower), upper: y(upper) }],
  );
  if (isJoined && bounded.length > 1) {
    pen.save();
    pen.fillStyle = withOpacity(colour, 0.12);
    pen.beginPath();
    bounded.forEach(({ left, upper }, i) => (i === 0 ? pen.moveTo(left, upper) : pen.lineTo(left, upper)));
    for (const { left, lower } of bounded.toReversed()) pen.lineTo(left, lower);
    pen.closePath();
    pen.fill();
    pen.restore();
  } else {
    for (const { left, lower, upper } of bounded) drawLine(pen, [[left, lower], [left, upper]], { colour, width: 1.2 }); // prettier-ignore
  }
  if (isJoined && points.length > 1) {
    const course = points.map((point) => [x(point.x), y(point.y)] as const);
    drawLine(pen, course, { colour, width: 1.6, dash });
  }
  if (isDense) return;
  for (const point of points) drawPoint(pen, point, x(point.x), y(point.y), colour);
}

/** A point that does not count is hollow. */
function drawPoint(pen: Pen, { isCounted }: SweepPoint, x: number, y: number, colour: string): void {
  pen.save();
  pen.fillStyle = isCounted ? colour : exportTheme.surface;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.2;
  pen.beginPath();
  pen.arc(x, y, 2.4, 0, 2 * Math.PI);
  pen.fill();
  pen.stroke();
  pen.restore();
}

/** Names with a piece of their lines, in rows. */
function legendOf(names: CurveData['names'], width: number): { height: number; draw: (pen: Pen, top: number) => void } {
  let [left, row] = [0, 0];
  const entries = names.map(({ name, series }) => {
    const text = cut(name, width - swatchPx - 6);
    const wide = swatchPx + 6 + textWidth(text) + 14;
    if (left > 0 && left + wide - 14 > width) [left, row] = [0, row + 1];
    const entry = { text, series, left, row };
    left += wide;
    return entry;
  });
  return {
    height: entries.length === 0 ? 0 : (row + 1) * legendRowPx,
    draw(pen, top) {
      for (const { text, series, left: at, row: own } of entries) {
        const { colour, dash } = exportTheme.series[series]!;
        const y = top + (own + 0.5) * legendRowPx;
        drawLine(pen, [[at, y], [at + swatchPx, y]], { colour, width: 1.6, dash }); // prettier-ignore
        write(pen, exportTheme, text, at + swatchPx + 6, y);
      }
    },
  };
}
