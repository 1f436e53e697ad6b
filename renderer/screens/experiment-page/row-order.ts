import type { ExperimentView } from '../../../shared/domain/experiment-view.ts';
import { matrixMetrics } from '../../../shared/domain/result-matrix.ts';

/** What rows of a matrix are sorted by: their mean, or the task of a column. */
export interface RowSort {
  by: 'mean' | number;
  /** The best first. */
  isBestFirst: boolean;
}

type Sorted = Pick<ExperimentView, 'matrix' | 'rows'>;

/** The order of the spec, skylines above the detectors that are ranked. */
export function givenOrder({ matrix }: Pick<ExperimentView, 'matrix'>): number[] {
  return matrix.detectors
    .map((_, row) => row)
    .sort((a, b) => Number(isSkyline(matrix, b)) - Number(isSkyline(matrix, a)) || a - b);
}

/** The order that a sort makes of the rows as they are now; those without a figure come last, skylines stay above. */
export function sortedOrder(view: Sorted, sort: RowSort): number[] {
  const sign = matrixMetrics[view.matrix.metric].higher === sort.isBestFirst ? -1 : 1;
  const figure = (row: number) =>
    (sort.by === 'mean' ? view.rows[row]?.mean : view.matrix.cells[row]?.[sort.by]?.mean) ?? null;
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
