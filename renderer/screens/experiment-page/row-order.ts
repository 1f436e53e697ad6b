import type { ExperimentView } from '../../../shared/domain/experiment-view.ts';
import { matrixMetrics } from '../../../shared/domain/result-matrix.ts';

/** What rows of a matrix are sorted by: their mean or rank, or the task of a column. */
export interface RowSort {
  by: 'mean' | 'rank' | number;
  /** The best first. */
  isBestFirst: boolean;
}

type Sorted = Pick<ExperimentView, 'matrix' | 'rows'>;

const taskPrefix = 'task ';
const worstSuffix = ', worst first';

/** A sort as an address has it: "mean", "task Corner, worst first". */
export function sortWords({ by, isBestFirst }: RowSort, { matrix }: Pick<ExperimentView, 'matrix'>): string {
  const what = typeof by === 'number' ? `${taskPrefix}${matrix.tasks[by]?.label ?? ''}` : by;
  return isBestFirst ? what : `${what}${worstSuffix}`;
}

/** The sort that words mean; undefined where the matrix has nothing of that name. */
export function sortNamed(words: string, { matrix }: Pick<ExperimentView, 'matrix'>): RowSort | undefined {
  const all: RowSort['by'][] = ['mean', 'rank', ...matrix.tasks.keys()];
  const sorts = all.flatMap((by) => [true, false].map((isBestFirst) => ({ by, isBestFirst })));
  return sorts.find((sort) => sortWords(sort, { matrix }) === words);
}

/** The order of the spec, skylines above the detectors that are ranked. */
export function givenOrder({ matrix }: Pick<ExperimentView, 'matrix'>): number[] {
  return matrix.detectors
    .map((_, row) => row)
    .sort((a, b) => Number(isSkyline(matrix, b)) - Number(isSkyline(matrix, a)) || a - b);
}

/** The order that a sort makes of the rows as they are now; those without a figure come last, skylines stay above. */
export function sortedOrder(view: Sorted, { by, isBestFirst }: RowSort): number[] {
  const isHigherBetter = by !== 'rank' && matrixMetrics[view.matrix.metric].higher;
  const sign = isHigherBetter === isBestFirst ? -1 : 1;
  const figure = (row: number) =>
    (typeof by === 'number' ? view.matrix.cells[row]?.[by]?.mean : view.rows[row]?.[by]) ?? null;
  return givenOrder(view).sort((a, b) => {
    const skylines = Number(isSkyline(view.matrix, b)) - Number(isSkyline(view.matrix, a));
    const [x, y] = [figure(a), figure(b)];
    if (skylines !== 0 || (x === null && y === null)) return skylines || a - b;
    if (x === null || y === null) return x === null ? 1 : -1;
    return sign * (x - y) || a - b;
  });
}

function isSkyline({ detectors }: ExperimentView['matrix'], row: number): boolean {
  return detectors[row]?.isSkyline === true;
}
