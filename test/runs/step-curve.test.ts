import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepSteps, StepCurve, stepsFile } from '../../main/runs/step-curve.ts';
import { appendJsonLine, readJsonLines } from '../../main/storage/run-folder.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cupbearer-steps-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lines = () => readJsonLines(folder, stepsFile);
const run = (stepsInEpoch: number, from: number, to: number, stepsPlanned: number) => {
  const curve = new StepCurve(folder, stepsInEpoch);
  for (let step = from; step <= to; step++)
    curve.add({ epoch: Math.ceil(step / stepsInEpoch), step, stepsPlanned, loss: 1 / step });
};

describe('the loss of training steps', () => {
  it('is there for each step, with its place in the training', () => {
    run(4, 1, 6, 8);
    expect(lines()).toEqual([
      { step: 1, epoch: 0.25, loss: 1 },
      { step: 2, epoch: 0.5, loss: 1 / 2 },
      { step: 3, epoch: 0.75, loss: 1 / 3 },
      { step: 4, epoch: 1, loss: 1 / 4 },
      { step: 5, epoch: 1.25, loss: 1 / 5 },
      { step: 6, epoch: 1.5, loss: 1 / 6 },
    ]);
  });

  it('is the mean of several in a long training, which has no more than 2,000 lines', () => {
    run(2500, 1, 5000, 5000);
    const written = lines();
    expect(written.length).toBeLessThanOrEqual(2000);
    expect(written[0]).toEqual({ step: 3, epoch: 3 / 2500, loss: (1 + 1 / 2 + 1 / 3) / 3 });
    expect(written.at(-1)).toMatchObject({ step: 5000, epoch: 2 });
  });

  it('goes over the ends of epochs that are shorter than a line', () => {
    run(2, 1, 12_000, 12_000);
    expect(lines()).toHaveLength(2000);
    expect(lines()[0]).toEqual({ step: 6, epoch: 3, loss: (1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5 + 1 / 6) / 6 });
  });

  it('goes on after a resumed epoch without what will be done again, in whatever batches', () => {
    run(4, 1, 6, 8);
    appendJsonLine(folder, stepsFile, { step: 'no number' });
    keepSteps(folder, 4);
    expect(lines()).toMatchObject([{ step: 1 }, { step: 2 }, { step: 3 }, { step: 4 }]);
    const curve = new StepCurve(folder, 8);
    curve.add({ epoch: 2, step: 5, stepsPlanned: 12, loss: 1 });
    expect(lines().at(-1)).toEqual({ step: 5, epoch: 1.125, loss: 1 });
  });
});
