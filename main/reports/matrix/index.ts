import type { MatrixStatistics } from '../../../shared/domain/matrix-statistics.ts';
import type { ResultMatrix } from '../../../shared/domain/result-matrix.ts';
import { csvTable, jsonTable } from './data-tables.ts';
import { htmlTable } from './html-table.ts';
import { latexTable } from './latex-table.ts';
import { markdownTable } from './markdown-table.ts';
import type { MatrixTableOptions } from './matrix-table.ts';
import { tsvTable } from './tsv-table.ts';

interface MatrixTableFormat {
  title: string;
  /** Of a file's name. */
  extension: string;
  write(matrix: ResultMatrix, statistics: MatrixStatistics, options: MatrixTableOptions): string;
}

/** The formats in which a matrix of results can be had. */
export const matrixTableFormats = {
  latex: { title: 'LaTeX', extension: 'tex', write: latexTable },
  markdown: { title: 'Markdown', extension: 'md', write: markdownTable },
  csv: { title: 'CSV', extension: 'csv', write: csvTable },
  json: { title: 'JSON', extension: 'json', write: jsonTable },
  tsv: { title: 'TSV', extension: 'tsv', write: tsvTable },
  html: { title: 'HTML', extension: 'html', write: htmlTable },
} as const satisfies Record<string, MatrixTableFormat>;
