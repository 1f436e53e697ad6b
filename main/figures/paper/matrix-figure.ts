import { write, type Pen } from '../../../shared/charts/pen.ts';
import { withOpacity } from '../../../shared/charts/theme.ts';
import { exportTheme } from '../figure.ts';
import { cut, notesBelow, short, textWidth, widest } from './paper-text.ts';
import { tooNarrow, type PaperDrawing } from './paper.ts';

/** A cell of the figure. */
interface HeatCell {
  /** null where there is no figure. */
  value: number | null;
  /** Its 95 % interval, where it has one. */
  interval: { lower: number; upper: number } | null;
  /** What stands in place of a figure: "n/a". */
  word: string;
  /** Step of heat, -6 to 6 (shared/charts/heat.ts); null where it has none, since it does not count. */
  step: number | null;
  isBest: boolean;
}

/** A matrix as it is drawn. */
interface HeatData {
  columns: { label: string; isCounted: boolean }[];
  rows: {
    label: string;
    isSkyline: boolean;
    cells: HeatCell[];
    mean: number | null;
    isBestMean: boolean;
    /** null for skylines. */
    rank: number | null;
  }[];
  /** What must be known to read it. */
  notes: string[];
}

const rowPx = 20;
/** With an interval below the figure. */
const tallRowPx = 32;
const gap = 8;
const widestCell = 76;
/** Room beside a figure in its cell, px. */
const padding = 5;
/** Share of the width that names may take. */
const mostForNames = 0.4;
const slant = Math.PI / 4;
/** Half the height of a line of text that leans, px. */
const lean = 5;

/** Lays out a matrix with heat: detectors by tasks, then means and ranks. @throws CupbearerError `usage` for too many tasks. */
export function matrixDrawing({ columns, rows, notes }: HeatData, width: number): PaperDrawing {
  const hasRanks = rows.some(({ rank }) => rank !== null);
  const heads = [
    ...columns.map(({ label, isCounted }) => (isCounted ? label : `${label} †`)),
    'Mean',
    ...(hasRanks ? ['Rank'] : []),
  ];
  const names = Math.min(widest(rows.map(({ label }) => label)) + gap, width * mostForNames);
  const fits = (room: number) => widest(heads, true) + padding <= room;
  const leaning = (room: number) => Math.max(0, ...heads.map((head, i) => textWidth(head) * Math.cos(slant) - (heads.length - i - 0.5) * room + lean)); // prettier-ignore
  const cellFor = (overhang: number) => Math.min(widestCell, (width - names - gap - overhang) / heads.length);
  let cell = cellFor(0);
  const isLevel = fits(cell);
  // How far the last heads lean out depends on how wide cells are, and the other way round.
  if (!isLevel) for (let i = 0; i < 4; i++) cell = cellFor(leaning(cell));
  const decimals = [3, 2].find((count) => textWidth(short(0.888, count), true) + padding <= cell);
  if (decimals === undefined) throw tooNarrow(`${columns.length} tasks`);
  const intervals = rows.flatMap(({ cells }) =>
    cells.flatMap(({ interval }) => (interval ? [intervalText(interval)] : [])),
  );
  const isTall = decimals === 3 && intervals.length > 0 && widest(intervals) + padding <= cell;
  const height = isTall ? tallRowPx : rowPx;
  const headHeight = isLevel ? 20 : 10 + widest(heads) * Math.sin(slant);
  const lastSkyline = rows.findLastIndex(({ isSkyline }) => isSkyline);
  const topOf = (row: number) => headHeight + row * height + (lastSkyline >= 0 && row > lastSkyline ? gap : 0);
  const leftOf = (column: number) => names + column * cell + (column >= columns.length ? gap : 0);
  const below = notesBelow(notes, topOf(rows.length), width);
  return {
    height: below.bottom + 2,
    draw(pen) {
      heads.forEach((head, i) => {
        const x = leftOf(i) + cell / 2;
        const colour = columns[i]?.isCounted === false ? exportTheme.ink3 : exportTheme.ink;
        if (isLevel) write(pen, exportTheme, head, x, 9, { align: 'center', colour });
        else slanted(pen, head, x, headHeight - 6, colour);
      });
      rows.forEach(({ label, cells, mean, isBestMean, rank }, r) => {
        const middle = topOf(r) + height / 2;
        write(pen, exportTheme, cut(label, names - gap), 0, middle);
        cells.forEach((own, c) =>
          drawCell(pen, own, {
            x: leftOf(c),
            y: topOf(r),
            width: cell,
            height,
            decimals,
            isTall,
            isCounted: columns[c]!.isCounted,
          }),
        );
        const plain = (column: number, text: string, strong: boolean) =>
          write(pen, exportTheme, text, leftOf(column) + cell / 2, middle, { align: 'center', strong });
        plain(columns.length, mean === null ? '–' : short(mean, decimals), isBestMean);
        if (hasRanks && rank !== null) plain(columns.length + 1, rank.toFixed(1), false);
      });
      below.draw(pen);
    },
  };
}

const intervalText = ({ lower, upper }: { lower: number; upper: number }) => `${short(lower)}–${short(upper)}`;

function slanted(pen: Pen, text: string, x: number, y: number, colour: string): void {
  pen.save();
  pen.translate(x, y);
  pen.rotate(-slant);
  write(pen, exportTheme, text, 0, 0, { colour });
  pen.restore();
}

interface CellPlace {
  x: number;
  y: number;
  width: number;
  height: number;
  decimals: number;
  isTall: boolean;
  isCounted: boolean;
}

function drawCell(pen: Pen, { value, interval, word, step, isBest }: HeatCell, place: CellPlace): void {
  const { x, y, width, height, decimals, isTall, isCounted } = place;
  const { heat } = exportTheme;
  const deepest = heat.steps.length - 1;
  const depth = step === null ? 0 : Math.min(deepest, Math.abs(step));
  if (step !== null && depth > 0) {
    pen.fillStyle = withOpacity(step < 0 ? heat.inkBelow : heat.ink, heat.steps[depth]!);
    pen.fillRect(x + 0.5, y + 0.5, width - 1, height - 1);
  }
  const ink = depth === deepest ? heat.cellInkDeep : heat.cellInk;
  const colour = isCounted && value !== null ? ink : exportTheme.ink3;
  const text = value === null ? cut(word, width - 2) : short(value, decimals);
  const hasInterval = isTall && value !== null && interval !== null;
  const middle = y + height / 2;
  write(pen, exportTheme, text, x + width / 2, hasInterval ? middle - 7 : middle, {
    align: 'center',
    colour,
    strong: isBest,
  });
  if (hasInterval)
    write(pen, exportTheme, intervalText(interval), x + width / 2, middle + 7, { align: 'center', colour });
}
