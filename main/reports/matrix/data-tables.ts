import { csvText, type CsvRow } from '../../../shared/csv.ts';
import type { MatrixStatistics } from '../../../shared/domain/matrix-statistics.ts';
import type { ResultMatrix } from '../../../shared/domain/result-matrix.ts';

/**
 * Returns the results of a matrix as CSV, a row a run; a cell that has none, since it is not possible, has a row
 * without a seed.
 */
export function csvTable({ metric, tasks, detectors, cells }: ResultMatrix): string {
  const rows = detectors.flatMap((detector, d) =>
    tasks.flatMap((task, t): CsvRow[] => {
      const { seeds, state } = cells[d]![t]!;
      const named = [task.label, detector.label];
      if (seeds.length === 0) return [[...named, null, null, metric, null, null, null, state]];
      return seeds.map((seed) => [
        ...named,
        seed.seed,
        seed.run,
        metric,
        seed.value,
        seed.lower,
        seed.upper,
        seed.state,
      ]);
    }),
  );
  return csvText([['task', 'detector', 'seed', 'run', 'metric', 'value', 'lower', 'upper', 'state'], ...rows]);
}

/** Of what {@link jsonTable} returns. */
const format = 1;

/** Returns a matrix and its statistics as JSON. */
export function jsonTable(matrix: ResultMatrix, statistics: MatrixStatistics): string {
  return `${JSON.stringify({ format, matrix, statistics }, null, 2)}\n`;
}
