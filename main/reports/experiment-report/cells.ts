import type { MatrixCell } from '../../../shared/domain/result-matrix.ts';
import { matrixMetrics } from '../../../shared/domain/result-matrix.ts';
import type { ReportedCells } from '../../../shared/domain/experiment-report.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { formatCount, formatMetric } from '../../../shared/format.ts';
import type { CellRun, MatrixSubject } from '../../experiments/matrix-subject.ts';
import { publicText } from '../../runs/public-paths.ts';
import type { ExperimentResults } from '../experiment-results.ts';
import { figureNames, runFigures } from '../run-figures.ts';
import { runResult } from '../run-results.ts';
import type { TextTable } from '../tables.ts';
import { list, table, text, type Block, type Section } from './document.ts';

const none = '–';
/** More pages nobody turns, and each may hold 200 kB of figures. */
const mostPages = 150;
/** More rows make a file that nobody opens; CSV has them all. */
const mostRows = 5000;

/** The chapters about single cells: an appendix with a row for each seed, or a page for each cell. */
export function cellSections(subject: MatrixSubject, results: ExperimentResults, asked: ReportedCells): Section[] {
  if (asked === 'none') return [];
  return [appendix(results), ...(asked === 'pages' ? pages(subject, results) : [])];
}

function appendix({ matrix }: ExperimentResults): Section {
  const { title } = matrixMetrics[matrix.metric];
  const rows = matrix.detectors.flatMap(({ label }, d) =>
    matrix.tasks.flatMap((task, t) => seedRows(matrix.cells[d]![t]!).map((row) => [label, task.label, ...row])),
  );
  const cut = rows.length > mostRows ? ` The first ${formatCount(mostRows)} of ${formatCount(rows.length)}; the table as CSV has all.` : ''; // prettier-ignore
  return {
    id: 'cells',
    title: 'Cells, seed by seed',
    isPage: true,
    blocks: [
      table({
        caption: `${title} of each run, with its 95 % interval over samples.${cut}`,
        head: ['Detector', 'Task', 'Seed', title, 'Interval', 'Run'],
        numeric: [false, false, true, true, true, false],
        rows: rows.slice(0, mostRows),
      }),
    ],
  };
}

function seedRows({ seeds, state, reason }: MatrixCell): string[][] {
  if (seeds.length === 0 || state === 'impossible') return [[none, 'not possible', reason ?? '', none]];
  return seeds.map((seed) => [
    String(seed.seed),
    seed.value === null ? (seed.reason ?? seed.state) : formatMetric(seed.value),
    seed.lower === null || seed.upper === null ? none : `${formatMetric(seed.lower)} to ${formatMetric(seed.upper)}`,
    seed.run ?? none,
  ]);
}

function pages(subject: MatrixSubject, results: ExperimentResults): Section[] {
  const { matrix } = results;
  const places = matrix.detectors.flatMap((_, d) => matrix.tasks.map((__, t) => ({ d, t })));
  const shown = places.filter(({ d, t }) => matrix.cells[d]![t]!.mean !== null);
  const sections = shown.slice(0, mostPages).map(({ d, t }): Section => {
    const runs = subject.cells[d]![t]!.seeds.flatMap(({ run }) => (run?.status === 'done' ? [run] : []));
    const classifier = subject.columns[t]!.classifiers.find(({ seed }) => seed === subject.seeds[0])?.run ?? null;
    return {
      id: `cell-${d + 1}-${t + 1}`,
      title: `${matrix.detectors[d]!.label} on ${matrix.tasks[t]!.label}`,
      isPage: true,
      isMinor: true,
      blocks: [
        table(seedsTable(results, matrix.cells[d]![t]!)),
        ...list(matrix.cells[d]![t]!.warnings),
        ...(runs[0] ? ofRun(runs[0], classifier) : []),
      ],
    };
  });
  if (shown.length <= mostPages) return sections;
  const said = text(`The first ${mostPages} of ${formatCount(shown.length)} cells have a page each; the others are in the table above.`); // prettier-ignore
  return [{ ...sections[0]!, blocks: [said, ...sections[0]!.blocks] }, ...sections.slice(1)];
}

function seedsTable({ matrix }: ExperimentResults, cell: MatrixCell): TextTable {
  const { title } = matrixMetrics[matrix.metric];
  const { mean, lower, upper, deviation } = cell;
  const interval = lower === null || upper === null ? '' : `, 95 % interval ${formatMetric(lower)} to ${formatMetric(upper)}`; // prettier-ignore
  const spread = deviation === null ? '' : `, standard deviation over seeds ${formatMetric(deviation)}`;
  return {
    caption: `${title}: mean ${mean === null ? none : formatMetric(mean)}${interval}${spread}.`,
    head: ['Seed', title, 'Interval', 'Run'],
    numeric: [true, true, true, false],
    rows: seedRows(cell),
  };
}

/** What is said of a run, as others may read it. */
const said = (sentence: string) => publicText(sentence, new Map());

/** The sentence and the charts of a run. */
function ofRun({ id, folder }: CellRun, classifier: CellRun | null): Block[] {
  try {
    const result = runResult({ folder, classifier: classifier?.folder ?? null, triggers: null });
    if (!result) return [];
    const { layers, headline, words, aggregation, sentence } = result;
    const names = figureNames(Object.keys(layers), headline, 'main');
    const { figures, leftOut } = runFigures(folder, names, { layers, about: {} }, { ...words, aggregation });
    return [
      { kind: 'finding', sentence: said(sentence) },
      ...figures.map((figure): Block => ({ kind: 'figure', figure: { ...figure, name: `${id}-${figure.name}` } })),
      ...leftOut.map((why) => text(said(why))),
    ];
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    return [text(`The results of run ${id} cannot be read. ${said(error.message)}`)];
  }
}
