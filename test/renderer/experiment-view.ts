import type { ExperimentSummary, ExperimentView } from '../../shared/domain/experiment-view.ts';
import type { CellSeed, MatrixCell } from '../../shared/domain/result-matrix.ts';

/** An experiment of two runs that has ended, with `changes`. */
export function experimentSummary(changes: Partial<ExperimentSummary> = {}): ExperimentSummary {
  return {
    id: 'quick',
    name: 'Quick',
    question: '',
    tags: [],
    locked: false,
    created_at: '2026-11-30T12:00:00Z',
    folder: '/experiments/quick',
    state: 'idle',
    note: null,
    tasks: 1,
    detectors: 2,
    seeds: 1,
    counts: { total: 2, done: 2, running: 0, failed: 0 },
    stuck: 0,
    ...changes,
  };
}

export function seed(number: number, value: number | null, changes: Partial<CellSeed> = {}): CellSeed {
  return {
    seed: number,
    run: value === null ? null : `run-${number}`,
    state: value === null ? 'waiting' : 'done',
    progress: null,
    ms: null,
    value,
    lower: null,
    upper: null,
    reason: null,
    ...changes,
  };
}

/** A cell of one seed with this figure; without one it waits. */
export function cell(mean: number | null, changes: Partial<MatrixCell> = {}): MatrixCell {
  return {
    state: mean === null ? 'waiting' : 'done',
    reason: null,
    seeds: [seed(0, mean)],
    mean,
    deviation: null,
    lower: null,
    upper: null,
    fromSamples: null,
    fromSeeds: null,
    warnings: [],
    ...changes,
  };
}

/** The page of an experiment with these means by detector and task, and over tasks; detectors named "skyline" are skylines. */
export function experimentView(
  means: Readonly<Record<string, readonly (number | null)[]>>,
  overTasks: readonly (number | null)[] = [],
): ExperimentView {
  const labels = Object.keys(means);
  const tasks = Object.values(means)[0]?.map((_, column) => `task ${column}`) ?? [];
  return {
    summary: experimentSummary(),
    notes: '',
    matrix: {
      title: 'Quick',
      metric: 'auroc',
      aggregation: 'mean over layers',
      layer: null,
      seeds: [0],
      tasks: tasks.map((label) => ({ label, notCounted: null })),
      detectors: labels.map((label) => ({ label, sees: 'trusted data only', isSkyline: label === 'skyline' })),
      cells: Object.values(means).map((row) => row.map((mean) => cell(mean))),
    },
    layers: { own: 'mean', single: [] },
    sweep: {
      axes: [],
      columns: tasks.map((label) => ({ base: label, point: {} })),
      rows: labels.map((label) => ({ base: label, point: {} })),
    },
    strip: tasks.map(() => ({ cleanAccuracy: 0.97, attackSuccess: 0.99, seeds: [], warnings: [] })),
    rows: labels.map((_, row) => ({ mean: overTasks[row] ?? null, rank: null, difference: null })),
    baseline: null,
    testNote: null,
    groups: null,
    counted: [],
    queue: [],
    waiting: 0,
    leftMs: null,
  };
}
