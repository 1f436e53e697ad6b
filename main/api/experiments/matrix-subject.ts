import type { ExperimentPlan } from '../../experiments/plan.ts';
import type { CellRun, MatrixSubject, SeedRun } from '../../experiments/matrix-subject.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { CellRuns } from './cell-runs.ts';
import type { StoredExperiment } from './experiment-store.ts';

/** What {@link matrixSubject} has besides the experiment: how far runs are that go on here, 0 to 1. */
type ProgressOf = (id: string) => number | null;

/** An experiment as far as it is done, by what the catalogue knows. */
export function matrixSubject(
  catalogue: Catalogue,
  experiment: StoredExperiment,
  plan: ExperimentPlan,
  progressOf: ProgressOf = () => null,
): MatrixSubject {
  const cells = new CellRuns(catalogue, experiment, plan);
  const found = new Map<string, CellRun | null>();
  const runWith = (key: string): CellRun | null => {
    const known = found.get(key);
    if (known !== undefined) return known;
    const run = cellRun(key);
    found.set(key, run);
    return run;
  };
  const cellRun = (key: string): CellRun | null => {
    const given = plan.given.get(key);
    const planned = plan.runs.get(key);
    const run = given === undefined ? planned && cells.runOf(planned) : catalogue.byFolder(given);
    if (!run) return null;
    const { id, folder, status, metrics, timings, error } = run;
    return {
      id,
      folder,
      status,
      metrics,
      ms: timings['total'] ?? null,
      progress: status === 'running' ? progressOf(id) : null,
      reason: error?.message ?? null,
    };
  };
  const bySeed = plan.rows.map(() =>
    plan.columns.map(() => ({ impossible: null as string | null, seeds: [] as SeedRun[] })),
  );
  for (const { row, column, seed, key, impossible } of plan.cells) {
    const cell = bySeed[row]?.[column];
    if (!cell) continue;
    cell.impossible = impossible;
    cell.seeds.push({ seed, run: key === null ? null : runWith(key) });
  }
  return {
    title: experiment.file.spec.name,
    seeds: plan.seeds,
    axes: plan.axes,
    rows: plan.rows,
    columns: plan.columns.map(({ classifiers, ...column }) => ({
      ...column,
      classifiers: classifiers.map((key, i) => ({ seed: plan.seeds[i] ?? 0, run: runWith(key) })),
    })),
    runs: [...plan.runs.values()].map(({ key, kind, label, method, seed, needs }) => ({
      key,
      needs,
      kind,
      label,
      method,
      seed,
      run: runWith(key),
    })),
    cells: bySeed,
  };
}

/** How many runs an experiment has, by where they stand. */
interface ExperimentCounts {
  total: number;
  done: number;
  running: number;
  failed: number;
  waiting: number;
  /** Cells that cannot be done. */
  impossible: number;
}

/** Counts the runs of an experiment, its classifiers among them. */
export function countRuns(catalogue: Catalogue, experiment: StoredExperiment, plan: ExperimentPlan): ExperimentCounts {
  const cells = new CellRuns(catalogue, experiment, plan);
  const counts: ExperimentCounts = {
    total: plan.runs.size,
    done: 0,
    running: 0,
    failed: 0,
    waiting: 0,
    impossible: plan.cells.filter(({ key }) => key === null).length,
  };
  for (const planned of plan.runs.values()) {
    const status = cells.runOf(planned)?.status;
    if (status === 'done') counts.done++;
    else if (status === 'running') counts.running++;
    else if (status === 'failed') counts.failed++;
    else counts.waiting++;
  }
  return counts;
}
