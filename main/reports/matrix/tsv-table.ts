import { tsvText } from '../../../shared/csv.ts';
import type { MatrixStatistics } from '../../../shared/domain/matrix-statistics.ts';
import type { ResultMatrix } from '../../../shared/domain/result-matrix.ts';
import { matrixTable, type MarkedText, type MatrixTableOptions } from './matrix-table.ts';

/** Returns a matrix as tab-separated values for the clipboard, with caption and notes in rows of their own. */
export function tsvTable(matrix: ResultMatrix, statistics: MatrixStatistics, options: MatrixTableOptions): string {
  const { caption, head, rows, notes } = matrixTable(matrix, statistics, options, null);
  const reference = (marks: readonly string[]) => (marks.length === 0 ? '' : ` (${marks.join(',')})`);
  const marked = ({ text, marks }: MarkedText) => `${text}${reference(marks)}`;
  return tsvText([
    head.map(marked),
    ...rows.map(({ detector, cells }) => [
      marked(detector),
      ...cells.map(({ value, spread, marks }) => `${value}${spread === '' ? '' : ` ${spread}`}${reference(marks)}`),
    ]),
    [caption],
    ...notes.map(({ mark, text }) => [mark === '' ? text : `(${mark}) ${text}`]),
  ]);
}
