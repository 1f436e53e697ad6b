import {
  experimentSpecSchema,
  type ExperimentSpec,
  type ExperimentSpecInput,
} from '../../../shared/domain/experiment.ts';
import type { CellRun, MatrixSubject } from '../../../main/experiments/matrix-subject.ts';
import type { ExperimentReportRequest } from '../../../main/reports/experiment-report/request.ts';

/** What a report is made from of an experiment of one task and two detectors, the runs of which have not begun or failed. */
export function reportRequest(
  spec: Partial<ExperimentSpecInput>,
  {
    labels = ['mahalanobis', 'knn'],
    task = 'Corner',
    failure,
  }: { labels?: string[]; task?: string; failure?: string } = {},
): Omit<ExperimentReportRequest, 'file'> {
  const parsed: ExperimentSpec = experimentSpecSchema.parse({
    name: 'Triggers',
    tasks: ['backdoor'],
    detectors: ['mahalanobis', 'knn'],
    ...spec,
  });
  const failed: CellRun = { id: 'run-1', folder: '/nowhere', status: 'failed', metrics: {}, ms: null, progress: null, reason: failure ?? null }; // prettier-ignore
  const run = failure === undefined ? null : failed;
  const subject: MatrixSubject = {
    title: parsed.name,
    seeds: [0],
    axes: [],
    columns: [{ label: task, base: task, point: {}, classifiers: [{ seed: 0, run: null }], takesFitted: false }],
    rows: labels.map((label) => ({
      label,
      base: label,
      point: {},
      detector: label,
      sees: 'trusted data only',
      isSkyline: false,
      aggregation: 'mean',
    })),
    runs: [{ key: 'a', kind: 'detector', label: 'a', method: 'a', seed: 0, needs: [], run }],
    cells: labels.map(() => [{ impossible: null, seeds: [{ seed: 0, run }] }]),
  };
  return {
    subject,
    options: { metric: 'auroc', format: 'html', cells: 'pages', figures: true },
    experiment: { id: 'e', created_at: '2026-01-02T03:04:05.000Z', spec: parsed },
    columns: [{ task: { name: 'backdoor', max_test_size: 100 }, classifier: { train_data: { name: 'glyphs' } } }],
    rows: labels.map((name) => ({ detector: { name } })),
  };
}
