import type { ClassifierStrip, ExperimentView, ViewOptions } from '../../shared/domain/experiment-view.ts';
import type { MatrixStatistics } from '../../shared/domain/matrix-statistics.ts';
import type { ResultMatrix } from '../../shared/domain/result-matrix.ts';
import { matrixStatistics } from '../evaluation/across/matrix-statistics.ts';
import type { MatrixSubject } from '../experiments/matrix-subject.ts';
import { publicText } from '../runs/public-paths.ts';
import { experimentMatrix, rocOfCell, type CellRoc } from './experiment-matrix.ts';
import { baselineOf, sweepOf } from './experiment-view.ts';

/** The results of an experiment and what they come to. */
export interface ExperimentResults {
  matrix: ResultMatrix;
  strip: ClassifierStrip[];
  statistics: MatrixStatistics;
  /** Where rows and columns stand in the sweep. */
  sweep: ExperimentView['sweep'];
  /** The ROC curve of a detector on a task, by their places; null if no run of it is done. */
  rocAt: (detector: number, task: number) => CellRoc | null;
}

/**
 * Returns the results of an experiment in the metric and against the baseline that are asked for, as others may read them:
 * reasons and doubts name no folder of this machine.
 */
export function experimentResults(subject: MatrixSubject, options: ViewOptions): ExperimentResults {
  const { matrix: own, strip } = experimentMatrix(subject, options);
  const matrix = publicMatrix(own);
  return {
    matrix,
    strip: strip.map((column) => ({ ...column, seeds: column.seeds.map(withPublicReason) })),
    statistics: matrixStatistics(matrix, baselineOf(matrix, options.baseline)),
    sweep: sweepOf(subject),
    rocAt: (d, t) => rocOfCell(matrix.cells[d]![t]!, subject.cells[d]![t]!, options),
  };
}

function publicMatrix(matrix: ResultMatrix): ResultMatrix {
  return {
    ...matrix,
    cells: matrix.cells.map((row) =>
      row.map((cell) => ({
        ...withPublicReason(cell),
        seeds: cell.seeds.map(withPublicReason),
        warnings: cell.warnings.map((warning) => publicText(warning, new Map())),
      })),
    ),
  };
}

function withPublicReason<T extends { reason: string | null }>(part: T): T {
  return { ...part, reason: part.reason && publicText(part.reason, new Map()) };
}
