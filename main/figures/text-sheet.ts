import { widthOf, write, type Pen, type TextStyle } from '../../shared/charts/pen.ts';
import { SvgContext } from '../../shared/charts/svg-context.ts';
import { exportTheme, type Figure } from './figure.ts';
import { measureText, registerFonts } from './fonts.ts';
import { canvasLibrary } from './lazy-canvas.ts';
import { compareWords, type WordChange } from './word-changes.ts';
import { numbered } from '../../shared/format.ts';

/** A text before and after a change, as words. */
interface TextPair {
  before: readonly string[];
  after: readonly string[];
}

const margin = 18;
const labelWidth = 96;
const top = margin + 30;
const line = 19;
const blockGap = 14;
const wordGap = 12;
const pixelRatio = 2;
const wordStyle: TextStyle = { size: 13 };

/** A word of the sheet in its column: left edge and what became of it. */
interface Cell extends WordChange {
  x: number;
}

/**
 * A sheet with three lines a text: before, after, and the difference; words stand in columns, so that what was put in or
 * taken out is seen where it happened.
 */
export function drawTextSheet(
  pairs: readonly TextPair[],
  words: { name: string; title: string; before: string; after: string },
): Figure {
  registerFonts();
  const ruler = canvasLibrary().createCanvas(1, 1).getContext('2d') as unknown as Pen;
  const rows = pairs.map(({ before, after }) => columnsOf(compareWords(before, after), ruler));
  const width = Math.max(
    ...rows.map(({ right }) => right + margin),
    widthOf(ruler, exportTheme, words.title, { size: 13, strong: true }) + 2 * margin,
  );
  const height = top + rows.length * (3 * line + blockGap) + margin - blockGap;
  const size = { width: Math.ceil(width), height };
  const draw = (pen: Pen) => drawRows(pen, rows, words, size);

  const canvas = canvasLibrary().createCanvas(size.width * pixelRatio, size.height * pixelRatio);
  const context = canvas.getContext('2d');
  context.scale(pixelRatio, pixelRatio);
  draw(context as unknown as Pen);
  const svg = new SvgContext(size.width, size.height, measureText);
  draw(svg as unknown as Pen);
  const counts = rows.map(({ cells }) => ({ added: count(cells, 'added'), removed: count(cells, 'removed') }));
  const description = `${words.title}: ${numbered(pairs.length, 'text')} in three lines each, ${words.before}, ${words.after} and their difference; the largest change adds ${Math.max(0, ...counts.map(({ added }) => added))} and removes ${Math.max(0, ...counts.map(({ removed }) => removed))} words.`;
  return {
    name: words.name,
    png: canvas.toBuffer('image/png'),
    svg: Buffer.from(svg.toSvg(words.title, description)),
    description,
    table: {
      header: ['text', words.before, words.after, 'words added', 'words removed'],
      rows: pairs.map(({ before, after }, k) => [
        k + 1,
        before.join(' '),
        after.join(' '),
        counts[k]!.added,
        counts[k]!.removed,
      ]),
    },
  };
}

const count = (cells: readonly Cell[], kind: Cell['kind']) => cells.filter((cell) => cell.kind === kind).length;

function columnsOf(changes: readonly WordChange[], ruler: Pen): { cells: Cell[]; right: number } {
  let x = margin + labelWidth;
  const cells = changes.map((change) => {
    const cell = { ...change, x };
    x += widthOf(ruler, exportTheme, markedWord(change), { ...wordStyle, strong: true }) + wordGap;
    return cell;
  });
  return { cells, right: x - wordGap };
}

/** The longest form a word takes in its column. */
function markedWord({ kind, word }: WordChange): string {
  return kind === 'kept' ? word : `${kind === 'added' ? '+' : '−'}${word}`;
}

function drawRows(
  pen: Pen,
  rows: readonly { cells: readonly Cell[] }[],
  words: { title: string; before: string; after: string },
  { width, height }: { width: number; height: number },
): void {
  pen.fillStyle = exportTheme.surface;
  pen.fillRect(0, 0, width, height);
  write(pen, exportTheme, words.title, margin, margin + 6, { size: 13, strong: true });
  rows.forEach(({ cells }, k) => {
    const y = top + k * (3 * line + blockGap) + line / 2;
    [words.before, words.after, 'Difference'].forEach((label, i) =>
      write(pen, exportTheme, label, margin, y + i * line, { size: 12, colour: exportTheme.ink3 }),
    );
    for (const cell of cells) drawCell(pen, cell, y);
  });
}

function drawCell(pen: Pen, cell: Cell, y: number): void {
  const { kind, word, x } = cell;
  if (kind === 'kept') {
    write(pen, exportTheme, word, x, y, wordStyle);
    write(pen, exportTheme, word, x, y + line, wordStyle);
    write(pen, exportTheme, '·', x, y + 2 * line, { ...wordStyle, colour: exportTheme.ink3 });
    return;
  }
  const colour = kind === 'added' ? exportTheme.anomalous : exportTheme.clean;
  write(pen, exportTheme, word, x, kind === 'added' ? y + line : y, { ...wordStyle, strong: true, colour });
  write(pen, exportTheme, markedWord(cell), x, y + 2 * line, { ...wordStyle, strong: true, colour });
}
