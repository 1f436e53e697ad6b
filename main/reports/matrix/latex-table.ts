import type { MatrixStatistics } from '../../../shared/domain/matrix-statistics.ts';
import type { ResultMatrix } from '../../../shared/domain/result-matrix.ts';
import { slug } from '../../../shared/slug.ts';
import { latexText } from './latex-text.ts';
import { matrixTable, type MarkedText, type MatrixTableOptions, type TableCell } from './matrix-table.ts';

/** With more columns than this letters are smaller and columns closer together. */
const mostRoomy = 7;
/** With more columns than this what stands beside a figure goes below it. */
const mostBeside = 5;

/** Returns a matrix as a LaTeX table that needs booktabs and nothing else. */
export function latexTable(matrix: ResultMatrix, statistics: MatrixStatistics, options: MatrixTableOptions): string {
  const { caption, head, rows, notes } = matrixTable(matrix, statistics, options, 'underlined');
  const below = options.spread === 'interval' || head.length > mostBeside;
  const lastSkyline = rows.findLastIndex(({ isSkyline }) => isSkyline);
  const gapAfter = (d: number): string[] => {
    if (d === rows.length - 1) return [];
    // Skylines stand apart from what is ranked.
    if (d === lastSkyline) return ['    \\addlinespace'];
    return below && options.spread !== 'none' ? ['    \\addlinespace[2pt]'] : [];
  };
  const lines = [
    '% Needs \\usepackage{booktabs} in the preamble.',
    '% Too wide? Use table* in two columns, or graphicx: \\resizebox{\\linewidth}{!}{...} around the tabular.',
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${latexText(caption)}}`,
    `  \\label{tab:${slug(matrix.title) || 'results'}}`,
    ...(head.length > mostRoomy ? ['  \\scriptsize', '  \\setlength{\\tabcolsep}{2pt}'] : []),
    `  \\begin{tabular}{l${'c'.repeat(head.length - 1)}}`,
    '    \\toprule',
    rowText(head.map(marked)),
    '    \\midrule',
    ...rows.flatMap(({ detector, cells }, d) => [
      ...(below
        ? [
            rowText([marked(detector), ...cells.map(figureText)]),
            ...(cells.some(({ spread }) => spread !== '') ? [rowText(['', ...cells.map(spreadText)])] : []),
          ]
        : [rowText([marked(detector), ...cells.map((cell) => [figureText(cell), spreadText(cell)].join(' ').trim())])]),
      ...gapAfter(d),
    ]),
    '    \\bottomrule',
    '  \\end{tabular}',
    ...notesText(notes),
    '\\end{table}',
  ];
  return `${lines.join('\n')}\n`;
}

const rowText = (cells: readonly string[]) => `    ${cells.join(' & ')} \\\\`;

const superscript = (marks: readonly string[]) =>
  marks.length === 0 ? '' : `\\textsuperscript{${latexText(marks.join(','))}}`;

const marked = ({ text, marks }: MarkedText) => `${latexText(text)}${superscript(marks)}`;

function figureText({ value, standing, marks }: TableCell): string {
  const own = latexText(value);
  const figure = standing === 'best' ? `\\textbf{${own}}` : standing === 'second' ? `\\underline{${own}}` : own;
  return `${figure}${superscript(marks)}`;
}

const spreadText = ({ spread }: TableCell) => (spread === '' ? '' : `{\\scriptsize ${latexText(spread)}}`);

function notesText(notes: readonly { mark: string; text: string }[]): string[] {
  if (notes.length === 0) return [];
  return [
    '',
    '  \\smallskip',
    '  \\begin{minipage}{\\linewidth}',
    '    \\footnotesize',
    ...notes.map(({ mark, text }) => `    ${superscript(mark === '' ? [] : [mark])}${latexText(text)}\\par`),
    '  \\end{minipage}',
  ];
}
