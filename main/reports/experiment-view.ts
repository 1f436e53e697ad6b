import type { ExperimentView, ViewOptions } from '../../shared/domain/experiment-view.ts';
import { matrixMetrics, type ResultMatrix } from '../../shared/domain/result-matrix.ts';
import { meanRanks } from '../evaluation/across/mean-ranks.ts';
import type { MatrixSubject } from '../experiments/matrix-subject.ts';
import type { PlannedRun } from '../experiments/plan.ts';
import { experimentMatrix } from './experiment-matrix.ts';

/** What a page is made from. */
export interface ViewRequest {
  subject: MatrixSubject;
  options: ViewOptions;
}

/** The page without what its catalogue and spec say. */
export type ViewedExperiment = Omit<ExperimentView, 'summary' | 'notes'>;

/** Runs that wait of which the page names the first few. */
const mostNamed = 8;

/** Puts the page of an experiment together. */
export function experimentView({ subject, options }: ViewRequest): ViewedExperiment {
  const { matrix, strip } = experimentMatrix(subject, options.metric);
  return { matrix, strip, ...rowFigures(matrix), ...queueOf(subject.runs) };
}

function rowFigures(matrix: ResultMatrix): Pick<ViewedExperiment, 'rows' | 'baseline' | 'testNote' | 'counted'> {
  const ranked = matrix.detectors.flatMap(({ isSkyline }, row) => (isSkyline ? [] : [row]));
  const columns = matrix.tasks.flatMap(({ notCounted }, column) =>
    notCounted === null && ranked.length > 0 && ranked.every((row) => matrix.cells[row]?.[column]?.state === 'done')
      ? [column]
      : [],
  );
  const figures = ranked.map((row) => columns.map((column) => matrix.cells[row]![column]!.mean ?? NaN));
  const ranks = columns.length === 0 ? [] : meanRanks(figures, matrixMetrics[matrix.metric].higher);
  return {
    rows: matrix.detectors.map((_, row) => {
      const own = columns.map((column) => matrix.cells[row]![column]!.mean).filter((mean) => mean !== null);
      const place = ranked.indexOf(row);
      return {
        mean:
          own.length === 0 || own.length < columns.length
            ? null
            : own.reduce((sum, mean) => sum + mean, 0) / own.length,
        rank: place === -1 ? null : (ranks[place] ?? null),
        difference: null,
      };
    }),
    baseline: null,
    testNote: null,
    counted: columns.map((column) => matrix.tasks[column]!.label),
  };
}

function queueOf(runs: MatrixSubject['runs']): Pick<ViewedExperiment, 'queue' | 'waiting' | 'leftMs'> {
  const took = timesOf(runs);
  const unfinished = runs.filter(({ run }) => !run || !['done', 'failed'].includes(run.status));
  const entries = unfinished.map(({ kind, label, seed, run }) => {
    const expected = took.get(kindOf({ kind, label }));
    const progress = run?.status === 'running' ? run.progress : null;
    return {
      label: `${kind === 'classifier' ? `Classifier, ${label}` : label}, seed ${seed}`,
      run: run?.id ?? null,
      state: run?.status === 'running' ? ('running' as const) : ('waiting' as const),
      progress,
      leftMs: expected === undefined ? null : expected.mean * (1 - (progress ?? 0)),
      mostMs: expected === undefined ? null : expected.most * (1 - (progress ?? 0)),
    };
  });
  const running = entries.filter(({ state }) => state === 'running');
  const waiting = entries.filter(({ state }) => state === 'waiting');
  const areKnown = entries.every(({ leftMs }) => leftMs !== null);
  const sideBySide = Math.max(1, running.length);
  const sum = (values: readonly (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);
  return {
    queue: [...running, ...waiting.slice(0, mostNamed)].map(({ mostMs: _, ...entry }) => entry),
    waiting: waiting.length,
    leftMs:
      entries.length === 0 || !areKnown
        ? null
        : [
            sum(entries.map(({ leftMs }) => leftMs)) / sideBySide,
            sum(entries.map(({ mostMs }) => mostMs)) / sideBySide,
          ],
  };
}

/** Mean and longest time of runs of a kind that have ended here. */
function timesOf(runs: MatrixSubject['runs']): Map<string, { mean: number; most: number }> {
  const all = new Map<string, number[]>();
  for (const { kind, label, run } of runs) {
    if (run?.status !== 'done' || run.ms === null) continue;
    const key = kindOf({ kind, label });
    all.set(key, [...(all.get(key) ?? []), run.ms]);
  }
  return new Map(
    [...all].map(([key, times]) => [
      key,
      { mean: times.reduce((sum, ms) => sum + ms, 0) / times.length, most: Math.max(...times) },
    ]),
  );
}

/** Runs of one detector take about the same time on whatever they are, and classifiers take theirs. */
function kindOf({ kind, label }: Pick<PlannedRun, 'kind' | 'label'>): string {
  return kind === 'classifier' ? kind : label.slice(0, label.indexOf(' on '));
}
