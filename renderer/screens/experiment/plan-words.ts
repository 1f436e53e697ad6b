import type { DraftPlan } from '../../../shared/domain/draft.ts';
import { counted, formatCount } from '../../../shared/format.ts';

/** How many cells a plan has, by what becomes of them. */
interface CellCounts {
  cells: number;
  reused: number;
  toCompute: number;
  impossible: number;
}

export function countCells({ cells }: Pick<DraftPlan, 'cells'>): CellCounts {
  const counts: CellCounts = { cells: 0, reused: 0, toCompute: 0, impossible: 0 };
  for (const { reused, impossible } of cells.flat()) {
    const done = reused.filter(Boolean).length;
    counts.cells += reused.length;
    if (impossible !== null) counts.impossible += reused.length;
    else {
      counts.reused += done;
      counts.toCompute += reused.length - done;
    }
  }
  return counts;
}

/** "60 cells, 12 reused" */
export function cellWords({ cells, reused }: CellCounts): string {
  return [counted(cells, 'cell'), ...(reused > 0 ? [`${formatCount(reused)} reused`] : [])].join(', ');
}

/** "12 of 12 there already, from Triggers on MNIST", without the name where there is none. */
export function classifierWords({ classifiers: { total, reused } }: Pick<DraftPlan, 'classifiers'>): string {
  if (reused === 0) return `${formatCount(total)} to train`;
  return `${formatCount(reused)} of ${formatCount(total)} there already`;
}
