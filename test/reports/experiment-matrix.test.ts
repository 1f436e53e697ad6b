import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CellRun, MatrixSubject } from '../../main/experiments/matrix-subject.ts';
import { experimentMatrix } from '../../main/reports/experiment-matrix.ts';
import { writeScores } from '../../main/storage/run-folder.ts';

const run = (success?: number): CellRun => ({
  id: 'run',
  folder: '/nowhere',
  status: 'running',
  metrics: success === undefined ? {} : { attack_success: success },
  ms: null,
  progress: null,
  reason: null,
});

/** A task with one detector and one seed, and how often an attack succeeds by its classifier and by the run of the detector. */
function subject(success: { classifier?: number; task?: number }, takesFitted: boolean): MatrixSubject {
  return {
    title: 'One',
    seeds: [0],
    axes: [],
    columns: [
      { label: 'a', base: 'a', point: {}, classifiers: [{ seed: 0, run: run(success.classifier) }], takesFitted },
    ],
    rows: [
      {
        label: 'm',
        base: 'm',
        point: {},
        detector: 'm',
        sees: 'trusted data only',
        isSkyline: false,
        aggregation: 'mean',
      },
    ],
    runs: [],
    cells: [[{ impossible: null, seeds: [{ seed: 0, run: run(success.task) }] }]],
  };
}

describe('how often the attack of a task succeeds', () => {
  it.each([
    ['is what its classifier has found', { classifier: 0.99, task: 0.97 }, false, 0.99, false],
    ['is of the task where the classifier has learned no trigger', { task: 0.97 }, false, 0.97, false],
    ['is of the task where its detectors were fitted on another', { classifier: 0.99, task: 0.05 }, true, 0.05, true],
    ['is not known where nothing was attacked', {}, false, null, false],
  ])('%s', (_, success, takesFitted, expected, failed) => {
    const { strip, matrix } = experimentMatrix(subject(success, takesFitted), {});
    expect(strip[0]!.attackSuccess).toBe(expected);
    expect(matrix.tasks[0]!.notCounted !== null).toBe(failed);
  });
});

it('a cell has no figure any more once the folder of its run is gone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cupbearer-matrix-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeScores(folder, {
    layers: new Map([['all', Float32Array.of(1, 2, 3, 4)]]),
    labels: Uint8Array.of(0, 0, 1, 1),
    sampleIndex: Int32Array.of(0, 1, 2, 3),
  });
  const done = subject({}, false);
  const cells = [[{ impossible: null, seeds: [{ seed: 0, run: { ...run(), folder, status: 'done' as const } }] }]];
  const cell = () => experimentMatrix({ ...done, cells }, {}).matrix.cells[0]![0]!;
  expect(cell()).toMatchObject({ state: 'done', mean: 1 });
  rmSync(folder, { recursive: true });
  expect(cell()).toMatchObject({ state: 'failed', mean: null, reason: expect.stringContaining(folder) as string });
});
