import { widthOf, write, type Pen, type TextStyle } from '../../shared/charts/pen.ts';
import { SvgContext } from '../../shared/charts/svg-context.ts';
import type { Mistake } from '../../shared/domain/analysis.ts';
import { exportTheme, type Figure } from './figure.ts';
import { measureText, registerFonts } from './fonts.ts';
import { canvasLibrary } from './lazy-canvas.ts';
import {
  drawGroupHead,
  drawSheetHead,
  groupsOf,
  layout,
  scoreFormat,
  writeFitted,
  type MistakeGroup,
  type MistakeGroups,
} from './mistake-groups.ts';
import { numbered } from '../../shared/format.ts';

/** A mistake with its text, as words. */
export interface MistakeText extends Mistake {
  words: readonly string[];
}

const { margin, heading, groupHead, groupGap } = layout;
const line = 18;
const rowGap = 6;
const pixelRatio = 2;
/** Longer texts end with an ellipsis: a sheet is looked at as a whole. */
const mostLines = 4;
const textStyle: TextStyle = { size: 13 };
const headStyle: TextStyle = { size: 11, colour: exportTheme.ink3 };

/** The columns by left edge and room for what stands in them, px. */
const columns = {
  score: { title: 'Score', x: margin, room: 84 },
  sample: { title: 'Sample', x: margin + 96, room: 64 },
  text: { title: 'Text', x: margin + 172, room: 420 },
  own: { title: 'Class', x: margin + 608, room: 100 },
  predicted: { title: 'Predicted', x: margin + 720, room: 100 },
} as const;
const width = columns.predicted.x + columns.predicted.room + margin;

/** A mistake with the lines its text takes. */
type Row = MistakeText & { lines: readonly string[] };

/** A sheet with one row a mistake: score, index, the text, its class and what the model sees. */
export function drawMistakeTexts(name: string, sheet: MistakeGroups<MistakeText>): Figure {
  registerFonts();
  const ruler = canvasLibrary().createCanvas(1, 1).getContext('2d') as unknown as Pen;
  const groups = groupsOf(sheet).map(({ mistakes, ...group }): MistakeGroup<Row> => ({
    ...group,
    mistakes: mistakes.map((mistake) => ({ ...mistake, lines: linesOf(mistake.words, ruler) })),
  }));
  const size = { width, height: groups.reduce<number>((sum, group) => sum + groupHeight(group), heading) };
  const draw = (pen: Pen) => {
    drawSheetHead(pen, sheet, size);
    let top = heading;
    for (const group of groups) {
      drawGroup(pen, group, top);
      top += groupHeight(group);
    }
  };

  const canvas = canvasLibrary().createCanvas(size.width * pixelRatio, size.height * pixelRatio);
  const context = canvas.getContext('2d');
  context.scale(pixelRatio, pixelRatio);
  draw(context as unknown as Pen);
  const svg = new SvgContext(size.width, size.height, measureText);
  draw(svg as unknown as Pen);
  const description = `${sheet.title}, ${sheet.subtitle}: ${groups.map(summaryOf).join('; ')}.`;
  return {
    name,
    png: canvas.toBuffer('image/png'),
    svg: Buffer.from(svg.toSvg(sheet.title, description)),
    description,
    table: {
      header: ['kind', 'score', 'sample', 'text', 'class', 'predicted'],
      rows: groups.flatMap(({ kind, mistakes }) =>
        mistakes.map(({ score, sample_index: index, words, true_class: own, predicted_class: predicted }) => [
          kind,
          score,
          index,
          words.join(' '),
          own,
          predicted ?? '',
        ]),
      ),
    },
  };
}

const rowHeight = ({ lines }: Row) => lines.length * line + rowGap;

function groupHeight({ mistakes }: MistakeGroup<Row>): number {
  return groupHead + line + mistakes.reduce<number>((sum, row) => sum + rowHeight(row), 0) + groupGap;
}

function summaryOf({ head, mistakes }: MistakeGroup<Row>): string {
  const [worst] = mistakes;
  if (!worst) return `${head}, none`;
  return `${head}, ${numbered(mistakes.length, 'text')}, first "${worst.words.join(' ')}" with ${scoreFormat(mistakes)(worst.score)}`;
}

/** Words put in lines that fit their column; an empty text takes one line. */
function linesOf(words: readonly string[], ruler: Pen): string[] {
  const lines = [''];
  words.forEach((word) => {
    const longer = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`;
    // The last line may be too long, and is cut where it is written.
    const fits = lines.length === mostLines || widthOf(ruler, exportTheme, longer, textStyle) <= columns.text.room;
    if (fits || lines.at(-1) === '') lines[lines.length - 1] = longer;
    else lines.push(word);
  });
  return lines;
}

function drawGroup(pen: Pen, group: MistakeGroup<Row>, top: number): void {
  drawGroupHead(pen, group, top);
  for (const { title, x } of Object.values(columns)) {
    write(pen, exportTheme, title, x, top + groupHead + line / 2 - 2, headStyle);
  }
  const format = scoreFormat(group.mistakes);
  let y = top + groupHead + line + line / 2;
  for (const row of group.mistakes) {
    drawRow(pen, row, format(row.score), y);
    y += rowHeight(row);
  }
}

function drawRow(pen: Pen, row: Row, score: string, y: number): void {
  const { sample_index: index, lines, true_class: own, predicted_class: predicted } = row;
  const put = ({ x, room }: { x: number; room: number }, text: string, style: TextStyle, below = 0) =>
    writeFitted(pen, text, x, y + below, room, style);
  put(columns.score, score, { size: 12, strong: true });
  put(columns.sample, `#${index}`, { size: 12, colour: exportTheme.ink3 });
  lines.forEach((text, i) => put(columns.text, text, textStyle, i * line));
  put(columns.own, own, { size: 12, colour: exportTheme.ink2 });
  if (predicted === null) return;
  const agrees = predicted === own;
  const colour = agrees ? exportTheme.ink2 : exportTheme.ink;
  put(columns.predicted, predicted, { size: 12, strong: !agrees, colour });
}
