import type { MatrixStatistics } from '../../../shared/domain/matrix-statistics.ts';
import { matrixMetrics, type MatrixCell, type ResultMatrix } from '../../../shared/domain/result-matrix.ts';
import { counted, formatCount, formatMetric } from '../../../shared/format.ts';

export interface MatrixTableOptions {
  /** What stands beside a mean over seeds: its standard deviation, its 95 % interval, or nothing. */
  spread: 'deviation' | 'interval' | 'none';
  /** The exact settings for the caption, in words. */
  settings: string;
  /** How many test samples runs have, by the label of the task; several where seeds differ. */
  samples?: ReadonlyMap<string, ReadonlySet<number>> | undefined;
}

/** How a figure stands out in its column. */
type Standing = 'best' | 'second' | null;

/** A cell in words; `marks` lead to notes. */
export interface TableCell {
  /** The figure, or what stands in its place. */
  value: string;
  /** "± 0.011" or "(0.936–0.969)"; empty where there is none. */
  spread: string;
  standing: Standing;
  marks: string[];
}

/** Text with marks that lead to notes. */
export interface MarkedText {
  text: string;
  marks: string[];
}

/** A matrix of results as it is printed, whatever the format. */
interface MatrixTable {
  caption: string;
  head: MarkedText[];
  rows: { detector: MarkedText; isSkyline: boolean; cells: TableCell[] }[];
  /** Below the table; those without a mark are about all of it. */
  notes: { mark: string; text: string }[];
}

/** Corrected p values below this get a mark. */
const level = 0.05;
const significant = '*';
const none = '–';

/**
 * Lays out a matrix with its statistics: detectors by tasks, means and ranks, and the notes without which figures would
 * claim too much. Best and second are those that read so, among ranked detectors with all seeds, in columns that count.
 * `secondIs` says how the second stands out: "underlined"; null where nothing does.
 */
export function matrixTable(
  matrix: ResultMatrix,
  statistics: MatrixStatistics,
  options: MatrixTableOptions,
  secondIs: string | null,
): MatrixTable {
  const notes = new Notes();
  const { higher } = matrixMetrics[matrix.metric];
  const usual = mostCommon(matrix.detectors.map(({ sees }) => sees));
  const hasRanks = statistics.detectors.some(({ rank }) => rank !== null);
  const head = [
    { text: 'Detector', marks: [] },
    ...matrix.tasks.map(({ label, notCounted }) => ({
      text: label,
      marks: notCounted === null ? [] : [notes.mark(`Not counted: ${notCounted}`)],
    })),
    { text: 'Mean', marks: [] },
    ...(hasRanks ? [{ text: 'Rank', marks: [] }] : []),
  ];
  const rows = matrix.detectors.map((detector, d) => {
    const { mean, rank, comparison } = statistics.detectors[d]!;
    const differs = (comparison?.corrected ?? 1) < level;
    return {
      detector: { text: detector.label, marks: detector.sees === usual ? [] : [notes.mark(detector.sees)] },
      isSkyline: detector.isSkyline,
      cells: [
        ...matrix.cells[d]!.map((cell) => cellOf(cell, options.spread, notes)),
        plain(mean === null ? none : formatMetric(mean), differs ? [significant] : []),
        ...(hasRanks ? [plain(rank === null ? none : rank.toFixed(1))] : []),
      ],
    };
  });

  const ranked = statistics.ranked.map((d) => rows[d]!);
  const columns = [...matrix.tasks.keys()].filter((t) => matrix.tasks[t]!.notCounted === null);
  for (const t of columns) {
    const counted = statistics.ranked
      .filter((d) => matrix.cells[d]![t]!.state === 'done')
      .map((d) => rows[d]!.cells[t]!);
    markStandings(counted, higher);
  }
  const last = matrix.tasks.length;
  markStandings(ranked.map(({ cells }) => cells[last]!), higher); // prettier-ignore
  if (hasRanks) markStandings(ranked.map(({ cells }) => cells[last + 1]!), false); // prettier-ignore

  return {
    caption: captionOf(matrix, statistics, options),
    head,
    rows,
    notes: [
      ...generalNotes(matrix, statistics, secondIs),
      ...(usual === undefined
        ? []
        : [{ mark: '', text: sentence(`What detectors see: ${usual}, where no mark says otherwise`) }]),
      ...notes.all(),
    ],
  };
}

function mostCommon(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].reduce<[string | undefined, number]>(
    (most, own) => (own[1] > most[1] ? own : most),
    [undefined, 0],
  )[0];
}

/** Notes by their text, each with a letter. */
class Notes {
  readonly #marks = new Map<string, string>();

  /** Returns the mark of a note. */
  mark(text: string): string {
    const mark = this.#marks.get(text) ?? letters(this.#marks.size);
    this.#marks.set(text, mark);
    return mark;
  }

  all(): { mark: string; text: string }[] {
    return Array.from(this.#marks, ([text, mark]) => ({ mark, text: sentence(text) }));
  }
}

/** "a" to "z", then "aa". */
function letters(place: number): string {
  const letter = String.fromCharCode(97 + (place % 26));
  return place < 26 ? letter : letters(Math.floor(place / 26) - 1) + letter;
}

function plain(value: string, marks: string[] = []): TableCell {
  return { value, spread: '', standing: null, marks };
}

function cellOf(cell: MatrixCell, spread: MatrixTableOptions['spread'], notes: Notes): TableCell {
  const marks = [
    ...(cell.state === 'done' && cell.mean !== null ? [] : [notes.mark(stateNote(cell))]),
    ...cell.warnings.map((warning) => notes.mark(warning)),
  ];
  if (cell.mean === null) return plain(stateWords[cell.state], marks);
  return { value: formatMetric(cell.mean), spread: spreadOf(cell, spread), standing: null, marks };
}

/** What stands in place of a figure. */
const stateWords: Readonly<Record<MatrixCell['state'], string>> = {
  waiting: none,
  running: none,
  partial: none,
  done: none,
  failed: 'failed',
  impossible: 'n/a',
};

function stateNote({ state, seeds, reason }: MatrixCell): string {
  const done = seeds.filter((seed) => seed.state === 'done').length;
  const reached = `${done} of ${seeds.length} seeds done, so it does not count`;
  switch (state) {
    case 'impossible':
      return `Not possible: ${reason ?? 'the detector needs what the task lacks'}`;
    case 'failed':
      return `Failed${reason === null ? '' : `: ${reason}`}${done === 0 ? '' : ` (${reached})`}`;
    case 'done':
      return `No figure${reason === null ? '' : `: ${reason}`}`;
    case 'waiting':
    case 'running':
    case 'partial':
      return done === 0 ? 'Not computed yet' : reached;
  }
}

function spreadOf({ deviation, lower, upper }: MatrixCell, spread: MatrixTableOptions['spread']): string {
  if (spread === 'deviation' && deviation !== null) return `± ${formatMetric(deviation)}`;
  if (spread === 'interval' && lower !== null && upper !== null)
    return `(${formatMetric(lower)}–${formatMetric(upper)})`;
  return '';
}

/** Marks the best figures of a column, as they read, and the second where one is the best. */
function markStandings(cells: readonly TableCell[], higher: boolean): void {
  const figures = cells.filter(({ value }) => !Number.isNaN(Number(value)));
  if (figures.length < 2) return;
  const values = [...new Set(figures.map(({ value }) => Number(value)))].sort((a, b) => (higher ? b - a : a - b));
  const best = figures.filter(({ value }) => Number(value) === values[0]);
  for (const cell of best) cell.standing = 'best';
  if (best.length > 1) return;
  for (const cell of figures) if (Number(cell.value) === values[1]) cell.standing = 'second';
}

function captionOf(
  { title, metric, aggregation, seeds, tasks }: ResultMatrix,
  { commonTasks }: MatrixStatistics,
  { spread, settings, samples }: MatrixTableOptions,
): string {
  const { title: metricTitle, higher } = matrixMetrics[metric];
  const over = seeds.length === 1 ? `seed ${seeds[0]!}` : `${seeds.length} seeds (${listed(seeds)})`;
  const words = {
    deviation: seeds.length === 1 ? over : `mean ± standard deviation over ${over}`,
    interval: seeds.length === 1 ? `${over} with its 95 % interval` : `mean over ${over} with its 95 % interval`,
    none: seeds.length === 1 ? over : `mean over ${over}`,
  };
  return [
    title,
    `${metricTitle}, ${higher ? 'higher' : 'lower'} is better; ${aggregation}; ${words[spread]}`,
    `${commonTasks.length} of ${counted(tasks.length, 'task')} in means and ranks`,
    samplesWords(samples),
    settings,
  ]
    .filter((part) => part.trim() !== '')
    .map(sentence)
    .join(' ');
}

/** "1,000 test samples a task", or from the fewest to the most. */
function samplesWords(samples: MatrixTableOptions['samples']): string {
  const counts = [...(samples?.values() ?? [])].flatMap((own) => [...own]);
  if (counts.length === 0) return '';
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const range = fewest === most ? formatCount(most) : `${formatCount(fewest)} to ${formatCount(most)}`;
  return `${range} test samples a task`;
}

/** "0 to 2" where seeds follow one another, else "0, 1, 7". */
function listed(seeds: readonly number[]): string {
  const inARow = seeds.length > 2 && seeds.every((seed, i) => seed === seeds[0]! + i);
  return inARow ? `${seeds[0]!} to ${seeds.at(-1)!}` : seeds.join(', ');
}

/** Text with a full stop, and a capital where it begins with a small letter. */
function sentence(text: string): string {
  const trimmed = text.trim();
  const capital = trimmed.replace(/^[a-z]/, (letter) => letter.toUpperCase());
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

function generalNotes(
  matrix: ResultMatrix,
  statistics: MatrixStatistics,
  secondIs: string | null,
): { mark: string; text: string }[] {
  const { commonTasks, ranked, detectors, baseline, comparisons, noTest } = statistics;
  const general = (text: string) => ({ mark: '', text });
  const notes = [];
  if (ranked.length > 1 && secondIs !== null) {
    const skylines = matrix.detectors.some(({ isSkyline }) => isSkyline)
      ? '; skylines, which see anomaly labels, are neither'
      : '';
    notes.push(general(`Best of a column in bold, second ${secondIs}${skylines}.`));
  }
  if (commonTasks.length > 0) {
    const tasks = commonTasks.length === 1 ? 'the task' : `the ${commonTasks.length} tasks`;
    notes.push(
      general(
        `Mean and rank over ${tasks} that every ranked detector has complete; ranks depend on which detectors are compared.`,
      ),
    );
  }
  const compared = detectors.flatMap(({ comparison }) =>
    comparison && comparison.corrected !== null ? [comparison.tasks.length] : [],
  );
  if (baseline !== null && compared.length > 0) {
    const [fewest, most] = [Math.min(...compared), Math.max(...compared)];
    const tasks = fewest === most ? `${most}` : `${fewest} to ${most}`;
    const family = comparisons === 1 ? 'one comparison' : `Holm’s correction for ${comparisons} comparisons`;
    notes.push({
      mark: significant,
      text: `Differs from ${matrix.detectors[baseline]!.label}: Wilcoxon signed-rank test over ${tasks} tasks, two-sided, p < .05 after ${family}.`,
    });
  }
  if (noTest !== null) notes.push(general(noTest));
  return notes;
}
