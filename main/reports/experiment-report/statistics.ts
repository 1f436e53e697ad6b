import type { DetectorStatistics } from '../../../shared/domain/matrix-statistics.ts';
import { matrixMetrics } from '../../../shared/domain/result-matrix.ts';
import { counted, formatDuration, formatMetric } from '../../../shared/format.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import type { MatrixSubject } from '../../experiments/matrix-subject.ts';
import { figureOf } from '../experiment-figures.ts';
import type { ExperimentResults } from '../experiment-results.ts';
import { paperFigure } from '../../figures/paper/paper.ts';
import { meanOf } from './mean-of-runs.ts';
import { pWords } from '../p-words.ts';
import { table, text, type Block } from './document.ts';

const none = '–';
/** The width of the text on paper of A4. */
const size = { widthMm: 174, fontPt: 9 };

/** A figure of the experiment, or why there is none. */
export function figureBlock(kind: Parameters<typeof figureOf>[0], results: ExperimentResults): Block {
  try {
    const { layOut, title, description } = figureOf(kind, results);
    const svg = paperFigure(layOut, size, 'svg', { title, description }).toString('utf8');
    return { kind: 'figure', figure: { name: kind, svg, description } };
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    return text(`No figure: ${error.message}`);
  }
}

/** Means, ranks and differences over tasks, with what they are worth. */
export function statisticsBlocks({ cells }: MatrixSubject, results: ExperimentResults): Block[] {
  const { matrix, statistics } = results;
  const { title } = matrixMetrics[matrix.metric];
  const { baseline, commonTasks, comparisons, noTest, detectors } = statistics;
  const names = commonTasks.map((t) => matrix.tasks[t]!.label).join(', ');
  const against = baseline === null ? null : matrix.detectors[baseline]!.label;
  return [
    text(
      commonTasks.length === 0
        ? 'No task counts that every ranked detector has complete, so there are neither means nor ranks.'
        : `Means and ranks are over ${counted(commonTasks.length, 'task')} that every ranked detector has complete: ${names}. Ranks depend on which detectors are compared; skylines, which see anomaly labels, have none.`,
    ),
    table({
      caption: `${title} over tasks${against === null ? '' : `; differences are to ${against}, each over the tasks that both have complete`}. Intervals are 95 %.`,
      head: [
        'Detector',
        'Mean',
        'Rank',
        'Difference',
        'Interval',
        'Tasks',
        'Better / equal / worse',
        'p',
        'p by Holm',
        'Time of a run',
      ],
      numeric: [false, true, true, true, true, true, true, true, true, true],
      rows: detectors.map((own, d) => [...statisticsRow(matrix.detectors[d]!.label, own), timeOf(cells[d]!)]),
    }),
    text(
      noTest ??
        (comparisons === 0
          ? 'Nothing is tested: there is nothing to compare.'
          : `p by Wilcoxon’s signed-rank test over tasks, two-sided. The family is all ${comparisons} comparisons with ${against ?? 'the baseline'}; Holm’s correction is over these.`),
    ),
    figureBlock('forest', results),
    ...differenceBlocks(results),
    figureBlock('ranks', results),
    figureBlock('roc', results),
    ...(results.sweep.axes.length > 0 ? [figureBlock('curves', results)] : []),
    text(
      'Intervals of cells: hierarchical bootstrap over seeds and, within them, samples. Differences over tasks: Student’s t over tasks.',
    ),
  ];
}

/** What each detector has on each task more, or less, than the baseline. */
function differenceBlocks({ matrix, statistics: { baseline } }: ExperimentResults): Block[] {
  if (baseline === null || matrix.detectors.length < 2) return [];
  const { detectors, tasks, cells } = matrix;
  const { title } = matrixMetrics[matrix.metric];
  const figureAt = (d: number, t: number) => cells[d]![t]!.mean;
  return [
    table({
      caption: `${title} of a detector minus that of ${detectors[baseline]!.label}, task by task. Tasks with † are not counted.`,
      head: ['Detector', ...tasks.map(({ label, notCounted }) => `${label}${notCounted === null ? '' : ' †'}`)],
      numeric: [false, ...tasks.map(() => true)],
      rows: [...detectors.keys()]
        .filter((d) => d !== baseline)
        .map((d) => [
          detectors[d]!.label,
          ...[...tasks.keys()].map((t) => {
            const [own, other] = [figureAt(d, t), figureAt(baseline, t)];
            return signed(own === null || other === null ? null : own - other);
          }),
        ]),
    }),
  ];
}

/** What a run of a detector took, mean over tasks and seeds; with its start and reading of data. */
function timeOf(row: MatrixSubject['cells'][number]): string {
  const ms = meanOf(row.flatMap(({ seeds }) => seeds.map(({ run }) => (run?.status === 'done' ? run.ms : null))));
  return ms === null ? none : formatDuration(ms);
}

const signed = (value: number | null) =>
  value === null ? none : `${value < 0 ? '−' : '+'}${formatMetric(Math.abs(value))}`;

function statisticsRow(label: string, { mean, rank, comparison }: DetectorStatistics): string[] {
  const own = [label, mean === null ? none : formatMetric(mean), rank === null ? none : rank.toFixed(1)];
  if (!comparison) return [...own, ...Array.from({ length: 6 }, () => none)];
  const { difference, lower, upper, tasks, win, tie, loss, p, corrected } = comparison;
  return [
    ...own,
    signed(difference),
    lower === null || upper === null ? none : `${signed(lower)} to ${signed(upper)}`,
    String(tasks.length),
    `${win} / ${tie} / ${loss}`,
    p === null ? none : pWords(p),
    corrected === null ? none : pWords(corrected),
  ];
}
