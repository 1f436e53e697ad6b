import { formatMetric } from '../../../shared/format.ts';
import type { MatrixSubject } from '../../experiments/matrix-subject.ts';
import type { ExperimentResults } from '../experiment-results.ts';
import { table, text, type Block } from './document.ts';
import { meanOfRuns } from './mean-of-runs.ts';

/** AUROC where there was something to find; nothing where no task is an attack on a prediction. */
export function attackBlocks({ cells }: MatrixSubject, { matrix }: ExperimentResults): Block[] {
  const figures = cells.map((row) =>
    row.map(({ seeds }) => ['auroc_successful', 'auroc_other_classes'].map((metric) => meanOfRuns(seeds, metric))),
  );
  const columns = [...matrix.tasks.keys()].filter((t) => figures.some((row) => row[t]![0] !== null));
  if (columns.length === 0) return [];
  return [
    text(
      'An attack that failed on a sample may have left nothing to find there, and a sample that was of the target class anyway shows no change. So the same detectors on less: first all clean samples against those attacks that succeeded; then, behind the stroke, without the samples, clean or anomalous, of the target class, where there is one.',
    ),
    table({
      caption: 'AUROC on attacks that succeeded / without the target class. Means over seeds.',
      head: ['Detector', ...columns.map((t) => matrix.tasks[t]!.label)],
      numeric: [false, ...columns.map(() => true)],
      rows: matrix.detectors.map(({ label }, d) => [
        label,
        ...columns.map((t) => figures[d]![t]!.flatMap((value) => (value === null ? [] : [formatMetric(value)])).join(' / ') || '–'), // prettier-ignore
      ]),
    }),
  ];
}
