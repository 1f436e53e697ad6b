import type { MatrixStatistics } from '../../../shared/domain/matrix-statistics.ts';
import type { ResultMatrix } from '../../../shared/domain/result-matrix.ts';
import { markdownText } from '../markdown-text.ts';
import { matrixTable, type MarkedText, type MatrixTableOptions, type TableCell } from './matrix-table.ts';

/** Returns a matrix as a Markdown table (GitHub's) with caption and notes. */
export function markdownTable(matrix: ResultMatrix, statistics: MatrixStatistics, options: MatrixTableOptions): string {
  const { caption, head, rows, notes } = matrixTable(matrix, statistics, options, 'in italics');
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[
    `*${markdownText(caption)}*`,
    '',
    line(head.map(marked)),
    `|---|${'---:|'.repeat(head.length - 1)}`,
    ...rows.map(({ detector, cells }) => line([marked(detector), ...cells.map(cellText)])),
    ...notes.flatMap(({ mark, text }) => ['', `${mark === '' ? '' : `(${markdownText(mark)}) `}${markdownText(text)}`]),
  ].join('\n')}\n`;
}

/** Markdown has no superscript. */
const reference = (marks: readonly string[]) => (marks.length === 0 ? '' : ` (${markdownText(marks.join(','))})`);

const marked = ({ text, marks }: MarkedText) => `${markdownText(text)}${reference(marks)}`;

function cellText({ value, spread, standing, marks }: TableCell): string {
  const own = markdownText(value);
  const figure = standing === 'best' ? `**${own}**` : standing === 'second' ? `*${own}*` : own;
  return `${figure}${spread === '' ? '' : ` ${markdownText(spread)}`}${reference(marks)}`;
}
