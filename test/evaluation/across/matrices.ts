import type { CellSeed, MatrixCell, ResultMatrix } from '../../../shared/domain/result-matrix.ts';

const noFigures = { mean: null, deviation: null, lower: null, upper: null, fromSamples: null, fromSeeds: null };

/** The run of one seed, `done` with its value. */
function seedOf(seed: number, value: number | null): CellSeed {
  return {
    seed,
    run: value === null ? null : `run-${seed}`,
    state: value === null ? 'waiting' : 'done',
    progress: null,
    ms: null,
    value,
    lower: value === null ? null : value - 0.02,
    upper: value === null ? null : value + 0.02,
    reason: null,
  };
}

/** A cell whose three seeds are done. */
export function doneCell(mean: number): MatrixCell {
  return {
    state: 'done',
    reason: null,
    seeds: [mean - 0.01, mean, mean + 0.01].map((value, seed) => seedOf(seed, value)),
    mean,
    deviation: 0.01,
    lower: mean - 0.015,
    upper: mean + 0.015,
    fromSamples: 0.01,
    fromSeeds: 0.011,
    warnings: [],
  };
}

export const impossibleCell: MatrixCell = {
  ...noFigures,
  state: 'impossible',
  reason: 'The task has no untrusted data',
  seeds: [],
  warnings: [],
};

const failedCell: MatrixCell = {
  ...noFigures,
  state: 'failed',
  reason: 'The loss is not finite',
  seeds: [0, 1, 2].map((seed) => ({ ...seedOf(seed, null), state: 'failed', reason: 'The loss is not finite' })),
  warnings: [],
};

const waitingCell: MatrixCell = {
  ...noFigures,
  state: 'waiting',
  reason: null,
  seeds: [0, 1, 2].map((seed) => seedOf(seed, null)),
  warnings: [],
};

/** A cell of which one of three seeds is missing. */
const partialCell = (mean: number): MatrixCell => ({
  ...doneCell(mean),
  state: 'partial',
  seeds: [seedOf(0, mean - 0.01), seedOf(1, mean + 0.01), seedOf(2, null)],
});

const w = waitingCell;
const x = impossibleCell;
const rows: [string, boolean, (number | MatrixCell)[]][] = [
  ['supervised-probe', true, [1, 1, 0.928, 1, 0.999, 0.998, 1, 0.997, 0.962, x]],
  ['mahalanobis', false, [0.995, 0.998, 0.552, 0.989, 0.967, 0.941, 0.958, 0.973, 0.884, partialCell(0.912)]],
  ['functional-attribution', false, [0.988, 0.962, 0.561, 0.974, 0.972, 0.953, 0.963, 0.977, w, w]],
  ['class-mahalanobis', false, [0.972, 0.981, 0.549, 0.958, 0.939, 0.917, 0.964, 0.981, 0.852, partialCell(0.871)]],
  ['vae', false, [0.968, 0.974, 0.496, 0.931, 0.902, 0.845, 0.916, 0.889, failedCell, w]],
  ['knn', false, [0.905, 0.934, 0.536, 0.921, 0.91, 0.895, 0.897, 0.893, 0.711, partialCell(0.702)]],
  ['beatrix', false, [0.92, 0.934, 0.506, 0.905, 0.873, 0.868, 0.901, 0.912, 0.779, w]],
  ['spectral', false, [0.248, 0.361, 0.452, 0.293, 0.318, 0.377, 0.402, 0.441, 0.488, x]],
];

const taskNames = [
  'Corner',
  'Noise',
  'WaNet',
  'Patch',
  'Blended',
  'SIG',
  'Frequency',
  'Clean label',
  'Adversarial',
  'OOD',
];

function seesOf(label: string, isSkyline: boolean): string {
  if (isSkyline) return 'sees anomaly labels';
  return label === 'spectral' ? 'sees untrusted data' : 'trusted data only';
}

/**
 * Eight detectors on ten tasks, as an experiment that goes on: one attack failed, some cells are missing or not
 * possible.
 */
export function triggersOnMnist(): ResultMatrix {
  return {
    title: 'Triggers on MNIST',
    metric: 'auroc',
    aggregation: 'mean of layers',
    layer: null,
    seeds: [0, 1, 2],
    tasks: taskNames.map((label) => ({
      label,
      notCounted: label === 'WaNet' ? 'Attack failed (4.7 % success)' : null,
    })),
    detectors: rows.map(([label, isSkyline]) => ({ label, sees: seesOf(label, isSkyline), isSkyline })),
    cells: rows.map(([, , cells]) => cells.map((cell) => (typeof cell === 'number' ? doneCell(cell) : cell))),
  };
}

/** The same for some tasks and detectors, by their places. */
export function partOf(matrix: ResultMatrix, detectors: readonly number[], tasks: readonly number[]): ResultMatrix {
  return {
    ...matrix,
    tasks: tasks.map((t) => matrix.tasks[t]!),
    detectors: detectors.map((d) => matrix.detectors[d]!),
    cells: detectors.map((d) => tasks.map((t) => matrix.cells[d]![t]!)),
  };
}
