import type { MatrixStatistics } from '../../../shared/domain/matrix-statistics.ts';
import type { ResultMatrix } from '../../../shared/domain/result-matrix.ts';
import { escapeHtml } from '../notes.ts';
import { matrixTable, type MarkedText, type MatrixTableOptions, type TableCell } from './matrix-table.ts';

/**
 * Returns a matrix as an HTML table for the clipboard: word processors and spreadsheets keep its cells, bold and
 * underline.
 */
export function htmlTable(matrix: ResultMatrix, statistics: MatrixStatistics, options: MatrixTableOptions): string {
  const { caption, head, rows, notes } = matrixTable(matrix, statistics, options, 'underlined');
  return [
    '<table>',
    `<caption>${escapeHtml(caption)}</caption>`,
    `<thead><tr>${head.map((cell) => `<th scope="col">${marked(cell)}</th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...rows.map(
      ({ detector, cells }) =>
        `<tr><th scope="row">${marked(detector)}</th>${cells.map((cell) => `<td>${cellHtml(cell)}</td>`).join('')}</tr>`,
    ),
    '</tbody>',
    `<tfoot>${notes
      .map(
        ({ mark, text }) =>
          `<tr><td colspan="${head.length}">${superscript(mark === '' ? [] : [mark])}${escapeHtml(text)}</td></tr>`,
      )
      .join('')}</tfoot>`,
    '</table>',
    '',
  ].join('\n');
}

const superscript = (marks: readonly string[]) =>
  marks.length === 0 ? '' : `<sup>${escapeHtml(marks.join(','))}</sup>`;

const marked = ({ text, marks }: MarkedText) => `${escapeHtml(text)}${superscript(marks)}`;

function cellHtml({ value, spread, standing, marks }: TableCell): string {
  const own = escapeHtml(value);
  const figure = standing === 'best' ? `<strong>${own}</strong>` : standing === 'second' ? `<u>${own}</u>` : own;
  return `${figure}${spread === '' ? '' : ` ${escapeHtml(spread)}`}${superscript(marks)}`;
}
