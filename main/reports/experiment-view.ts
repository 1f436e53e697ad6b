import type { ExperimentView, ViewOptions } from '../../shared/domain/experiment-view.ts';
import type { SweptPlace } from '../../shared/domain/swept-axis.ts';
import type { MatrixStatistics } from '../../shared/domain/matrix-statistics.ts';
import type { ResultMatrix } from '../../shared/domain/result-matrix.ts';
import { asPicked } from '../../shared/schema/fields.ts';
import { formatParameter } from '../../shared/format.ts';
import { matrixStatistics } from '../evaluation/across/matrix-statistics.ts';
import type { MatrixSubject } from '../experiments/matrix-subject.ts';
import { experimentMatrix, layersOf } from './experiment-matrix.ts';
import { remembered } from './remembered.ts';

/** What a page is made from. */
export interface ViewRequest {
  subject: MatrixSubject;
  options: ViewOptions;
}

/** The page without what its catalogue and spec say. */
export type ViewedExperiment = Omit<ExperimentView, 'summary' | 'notes'>;

/** The method that papers compare with. */
const usualBaseline = 'mahalanobis';

/** Runs that wait of which the page names the first few. */
const mostNamed = 8;

/** Puts the page of an experiment together. */
export function experimentView({ subject, options }: ViewRequest): ViewedExperiment {
  const { matrix, strip } = experimentMatrix(subject, options);
  return {
    matrix,
    layers: layersOf(subject),
    sweep: sweepOf(subject),
    strip,
    ...rowFigures(matrix, options.baseline),
    ...queueOf(subject.runs),
  };
}

/** Returns where rows and columns stand in the sweep. */
export function sweepOf({ axes, columns, rows }: MatrixSubject): ViewedExperiment['sweep'] {
  const placeOf = ({ base, point }: Pick<MatrixSubject['rows'][number], 'base' | 'point'>): SweptPlace => ({
    base,
    point: Object.fromEntries(
      Object.entries(point).map(([path, value]) => [
        path,
        typeof value === 'number' ? value : (asPicked(value)?.name ?? formatParameter(value)),
      ]),
    ),
  });
  return { axes: [...axes], columns: columns.map(placeOf), rows: rows.map(placeOf) };
}

/** What the rows come to over the tasks that count, against the row of this label. */
function rowFigures(
  matrix: ResultMatrix,
  label: string | undefined,
): Pick<ViewedExperiment, 'rows' | 'baseline' | 'testNote' | 'groups' | 'counted'> {
  const { baseline, detectors, commonTasks, noTest, groups } = statisticsOf(matrix, baselineOf(matrix, label));
  return {
    rows: detectors.map(({ mean, rank, comparison }) => ({
      mean,
      rank,
      difference: comparison && {
        mean: comparison.difference,
        lower: comparison.lower,
        upper: comparison.upper,
        p: comparison.corrected,
        win: comparison.win,
        tie: comparison.tie,
        loss: comparison.loss,
      },
    })),
    baseline,
    testNote: noTest,
    groups,
    counted: commonTasks.map((task) => matrix.tasks[task]!.label),
  };
}

const knownStatistics = new Map<string, MatrixStatistics>();

/** Tests of each pair of rows take longer than all else of a large matrix that was looked at before. */
function statisticsOf(matrix: ResultMatrix, baseline: number | null): MatrixStatistics {
  const { metric, tasks, detectors, cells } = matrix;
  const figures = cells.map((row) =>
    row.map(({ state, mean, seeds }) => [state, mean, seeds.map((seed) => seed.state)]),
  );
  const key = JSON.stringify([metric, baseline, tasks, detectors, figures]);
  return remembered(knownStatistics, key, () => matrixStatistics(matrix, baseline));
}

/** The place of the detector that others are compared with: the one asked for, else the best known, else the first that is ranked. */
export function baselineOf({ detectors }: ResultMatrix, label: string | undefined): number | null {
  const places = [...detectors.keys()].filter((place) => !detectors[place]!.isSkyline);
  const named = (name: string) => places.find((place) => detectors[place]!.label === name);
  return (label === undefined ? undefined : named(label)) ?? named(usualBaseline) ?? places[0] ?? null;
}

function queueOf(runs: MatrixSubject['runs']): Pick<ViewedExperiment, 'queue' | 'waiting' | 'leftMs'> {
  const took = timesOf(runs);
  const unfinished = runs.filter(({ run }) => !run || !['done', 'failed'].includes(run.status));
  const failed = new Map(runs.filter(({ run }) => run?.status === 'failed').map((entry) => [entry.key, entry]));
  const entries = unfinished.map(({ key, kind, label, method, seed, needs, run }) => {
    const expected = took.get(method);
    const progress = run?.status === 'running' ? run.progress : null;
    const lost = needs.map((need) => failed.get(need)).find((found) => found !== undefined);
    return {
      key,
      label: labelOf({ kind, label, seed }),
      stuck: lost ? { label: labelOf(lost), reason: lost.run?.reason ?? null } : null,
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

function labelOf({ kind, label, seed }: Pick<MatrixSubject['runs'][number], 'kind' | 'label' | 'seed'>): string {
  return `${kind === 'classifier' ? `Classifier, ${label}` : label}, seed ${seed}`;
}

/** Mean and longest time of the runs of each method that have ended here. */
function timesOf(runs: MatrixSubject['runs']): Map<string, { mean: number; most: number }> {
  const all = new Map<string, number[]>();
  for (const { method, run } of runs) {
    if (run?.status !== 'done' || run.ms === null) continue;
    all.set(method, [...(all.get(method) ?? []), run.ms]);
  }
  return new Map(
    [...all].map(([key, times]) => [
      key,
      { mean: times.reduce((sum, ms) => sum + ms, 0) / times.length, most: Math.max(...times) },
    ]),
  );
}
