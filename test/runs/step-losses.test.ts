import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stepsFile } from '../../main/runs/training-history.ts';
import { StepLosses } from '../../main/runs/work/step-losses.ts';
import { readJsonLines } from '../../main/storage/run-folder.ts';
import { trainingSoFar } from '../../shared/charts/training-series.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cupbearer-steps-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('every step is written, each line of one epoch, and nothing is left of an earlier attempt or in the end', () => {
  writeFileSync(join(folder, stepsFile), '{"epoch":1,"first":0,"of":3,"losses":[9]}\n');
  const losses = new StepLosses(folder);
  [3, 2, 1].forEach((loss, k) => losses.add(1, k, 3, loss));
  losses.add(2, 0, 3, 0.5);
  losses.flush();
  const lines = readJsonLines(folder, stepsFile) as { epoch: number; losses: number[] }[];
  const of = (epoch: number) => lines.filter((line) => line.epoch === epoch).flatMap((line) => line.losses);
  expect([of(1), of(2)]).toEqual([[3, 2, 1], [0.5]]);
  losses.remove();
  expect(existsSync(join(folder, stepsFile))).toBe(false);
});

it('steps are drawn at their parts of their epochs, before the first epoch has ended', () => {
  const { epochs, losses, shares } = trainingSoFar([], [{ epoch: 1, first: 0, of: 4, losses: [3, 2] }]);
  expect(epochs).toEqual([0.25, 0.5]);
  expect(losses).toEqual([{ name: 'Loss by step', values: [3, 2] }]);
  expect(shares).toEqual([]);
  const later = trainingSoFar(
    [{ epoch: 1, loss: 1.5, accuracy: 0.9, validation: {} }],
    [{ epoch: 1, first: 3, of: 4, losses: [1] }],
  );
  expect(later.epochs).toEqual([1, 1]);
  expect(later.losses.map(({ values }) => values)).toEqual([
    [1, null],
    [null, 1.5],
  ]);
});
