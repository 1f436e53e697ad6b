import { unknownName } from '../../shared/definition.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { ExperimentPlan } from './plan.ts';

/** A cell by the labels of its row and its column. */
export interface CellName {
  detector: string;
  task: string;
}

/**
 * Returns a plan of some cells alone: their runs, and those that these build on.
 * @throws CupbearerError `not-found` for a cell that the plan does not have.
 */
export function planOfCells(plan: ExperimentPlan, cells: readonly CellName[]): ExperimentPlan {
  const rows = new Map(plan.rows.map(({ label }, row) => [label, row]));
  const columns = new Map(plan.columns.map(({ label }, column) => [label, column]));
  const places = new Set(
    cells.map(({ detector, task }) => `${placeOf('detector', rows, detector)} ${placeOf('task', columns, task)}`),
  );
  const wanted = plan.cells.filter(({ row, column }) => places.has(`${row} ${column}`));
  const needed = new Set<string>();
  const need = (key: string) => {
    if (needed.has(key)) return;
    needed.add(key);
    for (const other of plan.runs.get(key)?.needs ?? []) need(other);
  };
  for (const { key } of wanted) if (key !== null) need(key);
  return { ...plan, cells: wanted, runs: new Map([...plan.runs].filter(([key]) => needed.has(key))) };
}

function placeOf(kind: string, places: ReadonlyMap<string, number>, label: string): number {
  const place = places.get(label);
  if (place !== undefined) return place;
  throw new CupbearerError('not-found', unknownName(kind, label, [...places.keys()]));
}
