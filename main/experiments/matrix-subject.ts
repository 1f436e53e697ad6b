import type { RunStatus } from '../../shared/domain/run.ts';
import type { SweptAxis } from '../../shared/domain/swept-axis.ts';
import type { PlannedColumn, PlannedRow, PlannedRun } from './plan.ts';

/** A run of an experiment as far as it is: what a matrix is made from. Travels between processes. */
export interface CellRun {
  id: string;
  folder: string;
  status: RunStatus;
  /** Figures that lists show: `clean_accuracy`, `auroc`, .... */
  metrics: Readonly<Record<string, number | null>>;
  /** Milliseconds that it took; null where it has not ended. */
  ms: number | null;
  /** Share of it that is done, 0 to 1, while it goes on. */
  progress: number | null;
  /** Why it failed. */
  reason: string | null;
}

/** The run of one seed; null where there is none yet. */
export interface SeedRun {
  seed: number;
  run: CellRun | null;
}

/** A column with its classifiers. */
export interface MatrixColumn extends Pick<PlannedColumn, 'label' | 'base' | 'point' | 'takesFitted'> {
  classifiers: readonly SeedRun[];
}

/** An experiment as far as it is done. */
export interface MatrixSubject {
  title: string;
  seeds: readonly number[];
  /** Parameters that take several values. */
  axes: readonly SweptAxis[];
  columns: readonly MatrixColumn[];
  rows: readonly PlannedRow[];
  /** All its runs, in the order of the plan. */
  runs: readonly (Pick<PlannedRun, 'key' | 'kind' | 'label' | 'method' | 'seed' | 'needs'> & { run: CellRun | null })[];
  /** By row, then column. */
  cells: readonly (readonly MatrixSubjectCell[])[];
}

/** A detector on a task. */
export interface MatrixSubjectCell {
  /** Why it cannot be done; null where it can. */
  impossible: string | null;
  seeds: readonly SeedRun[];
}
