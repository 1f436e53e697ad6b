import type { ClassifierStrip, ExperimentView } from '../../../shared/domain/experiment-view.ts';
import type { MatrixCell } from '../../../shared/domain/result-matrix.ts';
import { matrixMetrics } from '../../../shared/domain/result-matrix.ts';
import { formatMetric, formatPercent } from '../../../shared/format.ts';
import { textTable } from './table.ts';

/** The results of an experiment as a terminal shows them. */
export function matrixText({
  matrix,
  strip,
  rows,
  counted,
  testNote,
}: Pick<ExperimentView, 'matrix' | 'strip' | 'rows' | 'counted' | 'testNote'>): string {
  const heads = [matrixMetrics[matrix.metric].title, ...matrix.tasks.map(taskHead), 'mean', 'rank'];
  const body = matrix.detectors.map(({ label }, row) => [
    label,
    ...matrix.cells[row]!.map(cellText),
    figure(rows[row]!.mean),
    rows[row]!.rank === null ? '' : rows[row]!.rank.toFixed(1),
  ]);
  const ofClassifiers = (head: string, value: (own: ClassifierStrip) => number | null) => {
    const shares = strip.map(value);
    return shares.every((share) => share === null) ? [] : [[head, ...shares.map(percent), '', '']];
  };
  const notCounted = matrix.tasks.flatMap(({ label, notCounted: why }) => (why === null ? [] : [`* ${label}: ${why}`]));
  return [
    textTable(heads, [
      ...ofClassifiers('clean accuracy', ({ cleanAccuracy }) => cleanAccuracy),
      ...ofClassifiers('attack success', ({ attackSuccess }) => attackSuccess),
      ...body,
    ]),
    '',
    `Mean over ${matrix.seeds.length === 1 ? '1 seed' : `${matrix.seeds.length} seeds`}, with its 95 % interval (seeds and samples drawn again); ${matrix.aggregation}.`,
    ...(counted.length === 0
      ? []
      : [`Means and ranks are over the tasks that all ranked detectors have complete: ${counted.join(', ')}.`]),
    ...notCounted,
    ...(testNote === null ? [] : [testNote]),
  ].join('\n');
}

const taskHead = ({ label, notCounted }: ExperimentView['matrix']['tasks'][number]) =>
  notCounted === null ? label : `${label} *`;

const figure = (value: number | null) => (value === null ? '' : formatMetric(value));
const percent = (share: number | null) => (share === null ? '' : formatPercent(share));
const bound = (value: number) => formatMetric(value).replace(/^0/, '');

function cellText({ state, mean, lower, upper, seeds }: MatrixCell): string {
  if (state === 'impossible') return 'not possible';
  const done = seeds.filter((seed) => seed.state === 'done').length;
  if (mean === null) return state;
  const interval = lower === null || upper === null ? '' : ` ${bound(lower)}–${bound(upper)}`;
  const part = done < seeds.length ? ` (${done} of ${seeds.length})` : '';
  return `${formatMetric(mean)}${interval}${part}`;
}
