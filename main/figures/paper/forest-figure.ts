import { differenceAxis } from '../../../shared/charts/difference-axis.ts';
import { drawLine, write, type Pen } from '../../../shared/charts/pen.ts';
import { tickLabel } from '../../../shared/charts/ticks.ts';
import { exportTheme } from '../figure.ts';
import { cut, notesBelow, widest } from './paper-text.ts';
import { tooNarrow, type PaperDrawing } from './paper.ts';

/** A detector against the baseline. */
interface ForestRow {
  label: string;
  mean: number;
  lower: number | null;
  upper: number | null;
  /** The corrected p value in words; "" where there is none. */
  p: string;
  isDecided: boolean;
}

/** Differences to a baseline as they are drawn. */
interface ForestData {
  rows: ForestRow[];
  /** What the axis shows. */
  axisTitle: string;
  /** Head of the p values. */
  pTitle: string;
  notes: string[];
}

const rowPx = 19;
const gap = 10;
const mostForNames = 0.4;
/** An axis shorter than this, px, tells nothing apart. */
const shortestAxis = 80;

/** Lays out differences to a baseline with their intervals. @throws CupbearerError `usage` where names leave no room. */
export function forestDrawing({ rows, axisTitle, pTitle, notes }: ForestData, width: number): PaperDrawing {
  const hasP = rows.some(({ p }) => p !== '');
  const names = Math.min(widest(rows.map(({ label }) => label)) + gap, width * mostForNames);
  const forP = hasP
    ? Math.max(
        widest(
          rows.map(({ p }) => p),
          true,
        ),
        widest([pTitle]),
      ) + gap
    : gap;
  const axis = differenceAxis(rows);
  const length = width - names - forP;
  if (length < shortestAxis) throw tooNarrow('The names of the detectors');
  const at = (value: number) => names + (axis.at(value) / 100) * length;
  const top = hasP ? 18 : 4;
  const bottom = top + rows.length * rowPx;
  const below = notesBelow([axisTitle, ...notes], bottom + 18, width);
  return {
    height: below.bottom + 2,
    draw(pen) {
      for (const tick of axis.ticks) {
        drawLine(pen, [[at(tick), top], [at(tick), bottom]], { colour: tick === 0 ? exportTheme.axis : exportTheme.grid }); // prettier-ignore
        write(pen, exportTheme, signed(tick), at(tick), bottom + 10, { align: 'center', colour: exportTheme.ink3 });
      }
      if (hasP) write(pen, exportTheme, pTitle, width, 8, { align: 'right', colour: exportTheme.ink3 });
      rows.forEach((row, i) => {
        const y = top + (i + 0.5) * rowPx;
        write(pen, exportTheme, cut(row.label, names - gap), 0, y);
        drawDifference(pen, row, y, axis, at);
        write(pen, exportTheme, row.p, width, y, { align: 'right', strong: row.isDecided });
      });
      below.draw(pen);
    },
  };
}

const signed = (value: number) => (value > 0 ? `+${tickLabel(value)}` : tickLabel(value));

function drawDifference(
  pen: Pen,
  { mean, lower, upper }: ForestRow,
  y: number,
  { from, to }: { from: number; to: number },
  at: (value: number) => number,
): void {
  const colour = exportTheme.dataInk;
  if (lower !== null && upper !== null) {
    const [low, high] = [at(lower), at(upper)];
    pen.fillStyle = colour;
    pen.fillRect(low, y - 1.5, Math.max(3, high - low), 3);
    if (lower < from) arrow(pen, at(from), y, -1, colour);
    if (upper > to) arrow(pen, at(to), y, 1, colour);
  }
  // A mean that is off the axis must be seen to be so.
  if (mean < from) arrow(pen, at(from), y, -1, exportTheme.anomalous);
  else if (mean > to) arrow(pen, at(to), y, 1, exportTheme.anomalous);
  else drawLine(pen, [[at(mean), y - 6], [at(mean), y + 6]], { colour: exportTheme.ink, width: 2 }); // prettier-ignore
}

function arrow(pen: Pen, x: number, y: number, direction: 1 | -1, colour: string): void {
  pen.save();
  pen.fillStyle = colour;
  pen.beginPath();
  pen.moveTo(x + 5 * direction, y);
  pen.lineTo(x - 2 * direction, y - 4.5);
  pen.lineTo(x - 2 * direction, y + 4.5);
  pen.closePath();
  pen.fill();
  pen.restore();
}
