import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { abstraction } from '../../main/detectors/methods/abstraction.ts';
import { adversarialAbstraction } from '../../main/detectors/methods/adversarial-abstraction.ts';
import type { DetectorDefinition } from '../../main/detectors/detector.ts';
import { trainDetector } from '../../main/runs/train-detector.ts';
import { withAbsolutePaths } from '../../main/runs/paths.ts';
import { writeTensorFile } from '../../main/storage/tensor-file.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { fitToy, mean, scoreToy, toyTask } from './trained-task.ts';

const folder = mkdtempSync(join(tmpdir(), 'cupbearer-abstraction-'));
const file = join(folder, 'detector.safetensors');
afterAll(() => rmSync(folder, { recursive: true }));

const [first, second, logits] = ['linear_0', 'linear_1', 'linear_2'].map((layer) => `layers.${layer}.output`);
const zeros = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });

/** For the toy network of widths 12, 8 and 3 on 16 inputs: tau maps to widths 5 and 2. */
const fitting = (): TensorMap => ({
  [`${first}/tau.weight`]: zeros(5, 12),
  [`${first}/tau.bias`]: { shape: [5], data: Float32Array.from([1, 2, 3, 4, 5]) },
  [`${first}/step.weight`]: zeros(5, 16),
  [`${first}/step.bias`]: zeros(5),
  [`${second}/tau.weight`]: zeros(2, 8),
  [`${second}/tau.bias`]: zeros(2),
  [`${second}/step.weight`]: zeros(2, 5),
  [`${second}/step.bias`]: { shape: [2], data: Float32Array.from([3, -1]) },
  [`${logits}/step.weight`]: zeros(3, 2),
  [`${logits}/step.bias`]: zeros(3),
});

const without = (name: string) => Object.fromEntries(Object.entries(fitting()).filter(([own]) => own !== name));

describe('a given abstraction', () => {
  beforeAll(() => startEngine(engineUnderTest));

  async function fitOn(tensors: TensorMap, params: object, detector: DetectorDefinition = abstraction) {
    writeTensorFile(file, tensors);
    const task = await toyTask();
    try {
      const state = await fitToy(detector, task, { initial: file, ...params });
      return { state, scores: await scoreToy(detector, task, state, task.anomalous), logits: task.anomalous.layers };
    } finally {
      task.network.dispose();
    }
  }

  it('is scored as it is with 0 epochs, in the widths of the file', async () => {
    const { state, scores, logits: activations } = await fitOn(fitting(), { num_epochs: 0 });
    expect(state.tensors).toEqual(fitting());
    // By hand: the mean square of the difference of the biases, since all weights are 0.
    expect(new Set(scores.get(first!))).toEqual(new Set([(1 + 4 + 9 + 16 + 25) / 5]));
    expect(new Set(scores.get(second!))).toEqual(new Set([(9 + 1) / 2]));
    const output = activations.get(logits!)!.subarray(0, 3);
    expect(scores.get(logits!)![0]).toBeCloseTo(mean(output.map((value) => value ** 2)), 5);
  });

  it('takes gates for axis-aligned tau maps and float64 weights', async () => {
    const tensors: TensorMap = {
      ...fitting(),
      [`${second}/tau.gate`]: { shape: [8], data: Float64Array.from({ length: 8 }, () => -100) },
      [`${second}/step.weight`]: zeros(8, 5),
      [`${second}/step.bias`]: { shape: [8], data: new Float64Array(8).fill(2) },
      [`${logits}/step.weight`]: zeros(3, 8),
    };
    delete tensors[`${second}/tau.weight`];
    delete tensors[`${second}/tau.bias`];
    const { scores } = await fitOn(tensors, { num_epochs: 0 });
    expect(scores.get(second!)![0]).toBeCloseTo(4, 5);
  });

  it('is where training starts: one epoch twice is not one epoch from new weights', async () => {
    const fresh = await fitOn(fitting(), { initial: undefined });
    const again = await fitOn(fresh.state.tensors, {});
    expect(again.state.tensors).not.toEqual(fresh.state.tensors);
    const still = await fitOn(fresh.state.tensors, { num_epochs: 0 });
    expect(still.state).toEqual(fresh.state);
    expect(still.scores).toEqual(fresh.scores);
  });

  it("may be an adversarial abstraction's own file, whose trusted samples are redrawn", async () => {
    const params = { num_train_samples: 20 };
    const fresh = await fitOn(fitting(), { ...params, initial: undefined }, adversarialAbstraction);
    const still = await fitOn(fresh.state.tensors, { ...params, num_epochs: 0 }, adversarialAbstraction);
    expect(still.state).toEqual(fresh.state);
    expect((await fitOn(fresh.state.tensors, { num_epochs: 0 })).state.tensors[`${first}/tau.weight`]).toEqual(
      fresh.state.tensors[`${first}/tau.weight`],
    );
  });

  it.each<[string, TensorMap, object, RegExp]>([
    ['a missing tau map', without(`${first}/tau.bias`), {}, /has no "layers\.linear_0\.output\/tau\.bias".*\[5\]/],
    [
      'a missing step',
      without(`${logits}/step.weight`),
      {},
      /has no "layers\.linear_2\.output\/step\.weight".*\[3, 2\]/,
    ],
    [
      'another width of the layer',
      { ...fitting(), [`${second}/tau.weight`]: zeros(2, 9) },
      {},
      /\[any, 8\], found \[2, 9\]/,
    ],
    [
      'steps that do not meet',
      { ...fitting(), [`${second}/step.weight`]: zeros(2, 4) },
      {},
      /\[2, 5\], found \[2, 4\]/,
    ],
    ['another number of classes', { ...fitting(), [`${logits}/step.bias`]: zeros(4) }, {}, /\[3\], found \[4\]/],
    ['an output of another kind', fitting(), { output_loss: 'single-class' }, /\[1, 2\], found \[3, 2\]/],
    ['a layer of width 0', { ...fitting(), [`${first}/tau.weight`]: zeros(0, 12) }, {}, /\[any, 12\], found \[0, 12\]/],
    ['a layer nobody looks at', { ...fitting(), 'conv/tau.bias': zeros(2) }, {}, /has "conv\/tau\.bias", which/],
    [
      'integers',
      { ...fitting(), [`${first}/step.bias`]: { shape: [5], data: new Int32Array(5) } },
      {},
      /floating-point/,
    ],
    [
      'NaN',
      { ...fitting(), [`${first}/step.bias`]: { shape: [5], data: new Float32Array(5).fill(NaN) } },
      {},
      /finite/,
    ],
  ])('refuses %s before training', async (_, tensors, params, message) => {
    writeTensorFile(file, tensors);
    const task = await toyTask();
    // Training that is cancelled ends with `cancelled` at its first step.
    const signal = AbortSignal.abort();
    await expect(fitToy(abstraction, task, { initial: file, ...params }, { signal })).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(message) as string,
    });
    task.network.dispose();
  });

  it.each<[string, object, string, RegExp]>([
    ['widths beside a file', { abstract_dims: [5, 2] }, 'usage', /those of its file/],
    ['0 epochs without a file', { initial: undefined, num_epochs: 0 }, 'usage', /at least 1 epoch/],
    ['a file that is not there', { initial: join(folder, 'none.safetensors') }, 'not-found', /none\.safetensors/],
  ])('refuses %s', async (_, params, code, message) => {
    await expect(fitOn(fitting(), params)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('is kept with an absolute path in the spec of a run', () => {
    const asked = { detector: { name: 'abstraction', initial: 'given.safetensors' }, task: { name: 'ood' } };
    expect(withAbsolutePaths(trainDetector.params, asked, folder)).toEqual({
      ...asked,
      detector: { name: 'abstraction', initial: join(folder, 'given.safetensors') },
    });
  });
});
