import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CupbearerError } from '../../shared/errors.ts';
import { parseParams, paramsOf, type Picked } from '../../shared/schema/fields.ts';
import { createTrigger } from '../../main/data/triggers/index.ts';
import { writeModelDescription, writeWeights } from '../../main/models/files.ts';
import { Network } from '../../main/models/network.ts';
import { writeSpec } from '../../main/storage/run-folder.ts';
import { writeTensorFile } from '../../main/storage/tensor-file.ts';
import { triggerFile } from '../../main/tasks/classifier.ts';
import { checkTraining, trainClassifierParams } from '../../main/runs/classifier-spec.ts';
import { trainDetectorParams } from '../../main/runs/detector-params.ts';
import { taskRegistry } from '../../main/tasks/index.ts';
import { outlineTask } from '../../main/tasks/outline.ts';
import type { Task, TestPart } from '../../main/tasks/task.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { temporaryFolder } from '../storage/fixtures.ts';

const [side, trainCount, testCount] = [6, 50, 40];
const trainingSeed = 8;

beforeAll(() => startEngine(engineUnderTest));

/** A data folder and the folder of a classifier "trained" on it (its weights are the initial ones). */
async function setUp(backdoor?: Picked): Promise<{ dataDir: string; run_path: string }> {
  const dataDir = temporaryFolder();
  writeSmallMnist(dataDir, { train: trainCount, test: testCount, side });
  const run_path = join(dataDir, 'classifier');
  mkdirSync(run_path);
  const original = { name: 'mnist', train: true, default_augmentations: true };
  writeSpec(run_path, {
    format: 1,
    kind: 'classifier',
    spec: { train_data: backdoor ? { name: 'backdoor', original, backdoor } : original },
    seed: trainingSeed,
    engine: 'wasm',
    versions: {},
    fingerprints: {},
    parents: [],
    created_at: new Date(0).toISOString(),
  });
  const architecture = { name: 'mlp', hidden_dims: [4] };
  const classes = Array.from({ length: 10 }, (_, i) => String(i));
  const network = new Network({ architecture, inputShape: [side, side, 1], classes }, 0);
  writeModelDescription(run_path, network);
  writeWeights(run_path, await network.state());
  if (backdoor) {
    const trigger = createTrigger(backdoor, { shape: [side, side, 1], seed: trainingSeed });
    writeTensorFile(triggerFile(run_path), trigger.state());
  }
  return { dataDir, run_path };
}

async function build({ dataDir, run_path }: { dataDir: string; run_path: string }, params: object = {}): Promise<Task> {
  const definition = taskRegistry.get('backdoor');
  const parsed = parseParams(paramsOf(definition), { run_path, ...params });
  return definition.build(parsed, { dataDir });
}

async function refusal(task: Promise<Task>): Promise<CupbearerError> {
  const error = await task.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CupbearerError);
  return error as CupbearerError;
}

const part = (task: Task, anomalous: boolean): TestPart => task.test.find((other) => other.anomalous === anomalous)!;
const read = ({ dataset, indices }: TestPart) => dataset.read(indices, 0);
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
const sorted = (indices: Iterable<number>) => [...indices].sort((a, b) => a - b);

describe('a backdoor task', () => {
  it('takes data as large as their files in the data folder say, wherever that is', async () => {
    const { dataDir, run_path } = await setUp({ name: 'corner' });
    const task = parseParams(trainDetectorParams.shape.task, { name: 'backdoor', run_path, data: 'mnist' });
    expect(outlineTask(task, dataDir).source?.inputShape).toEqual([side, side, 1]);
    expect(() => outlineTask(task, '/nowhere')).toThrow('takes inputs of shape 6 x 6 x 1');
    const training = parseParams(trainClassifierParams, {
      train_data: 'mnist',
      model: { name: 'cnn', channels: [4, 4, 4, 4] },
    });
    expect(() => checkTraining(training, '/nowhere')).not.toThrow();
    expect(() => checkTraining(training, dataDir)).toThrow();
  });

  it('uses no test image both clean and triggered, and every one once', async () => {
    const task = await build(await setUp({ name: 'corner' }));
    const [clean, triggered] = [part(task, false).indices, part(task, true).indices];
    expect([clean.length, triggered.length]).toEqual([20, 20]);
    expect(sorted([...clean, ...triggered])).toEqual(upTo(testCount));
  });

  it('puts the trigger on all anomalous samples and on no other', async () => {
    const task = await build(await setUp({ name: 'corner' }));
    for (const { anomalous, ...rest } of task.test) {
      const { inputs, size } = read({ anomalous, ...rest });
      for (let i = 0; i < size; i++) expect(inputs[i * side * side] === 1).toBe(anomalous);
    }
    const trusted = task.trusted.dataset.read(task.trusted.indices, 0);
    expect(task.trusted.indices).toHaveLength(trainCount);
    for (let i = 0; i < trusted.size; i++) expect(trusted.inputs[i * side * side]).toBeLessThan(1);
  });

  it('has data without augmentations', async () => {
    const { dataset, indices } = (await build(await setUp({ name: 'corner' }))).trusted;
    expect(dataset.read(indices, 0)).toEqual(dataset.read(indices, 1));
  });

  it('splits in the same way for the same seed, whatever the trigger, and otherwise for another', async () => {
    const place = await setUp({ name: 'corner' });
    const splitOf = ({ trusted, untrusted, test }: Task) =>
      [trusted, untrusted!, ...test].map(({ indices }) => [...indices]);
    const params = { trusted_fraction: 0.6, seed: 5 };
    const first = splitOf(await build(place, params));
    expect(splitOf(await build(place, { ...params, backdoor: { name: 'noise', std: 0.2 } }))).toEqual(first);
    const other = splitOf(await build(place, { ...params, seed: 6 }));
    for (const [i, indices] of first.entries()) expect(other[i]).not.toEqual(indices);
  });

  it('keeps trusted and untrusted data apart', async () => {
    const { trusted, untrusted } = await build(await setUp({ name: 'corner' }), { trusted_fraction: 0.3 });
    expect([trusted.indices.length, untrusted!.indices.length]).toEqual([15, 35]);
    // Behind the clean samples come their triggered versions.
    const own = Array.from(untrusted!.indices, (index) => index % trainCount);
    expect(sorted([...trusted.indices, ...own])).toEqual(upTo(trainCount));
    expect((await build(await setUp({ name: 'corner' }))).untrusted).toBeUndefined();
  });

  it('has no trusted data where none is asked for', async () => {
    const { trusted, untrusted } = await build(await setUp({ name: 'corner' }), { trusted_fraction: 0 });
    expect([trusted.indices.length, untrusted!.indices.length]).toEqual([0, 50]);
  });

  it('takes at most as many samples as asked for, with the share of clean ones', async () => {
    const place = await setUp({ name: 'corner' });
    const limits = { max_train_size: 12, max_test_size: 10, clean_test_weight: 0.3, trusted_fraction: 0.5 };
    const task = await build(place, limits);
    expect([task.trusted.indices.length, task.untrusted!.indices.length]).toEqual([6, 6]);
    expect([part(task, false).indices.length, part(task, true).indices.length]).toEqual([3, 7]);
    const beyond = await build(place, { max_train_size: 10_000, max_test_size: 10_000 });
    expect(beyond.trusted.indices).toHaveLength(trainCount);
    expect(beyond.test.reduce((sum, { indices }) => sum + indices.length, 0)).toBe(testCount);
  });

  it('takes the trigger that the classifier was trained with, parameters included', async () => {
    const task = await build(await setUp({ name: 'corner', corner: 'bottom-right', target_class: 7 }));
    const { inputs, labels, size } = read(part(task, true));
    for (let i = 0; i < size; i++) expect(inputs[(i + 1) * side * side - 1]).toBe(1);
    expect(new Set(labels)).toEqual(new Set([7]));
  });

  it('warps by the field stored with the classifier, whatever the seed of the task', async () => {
    const wanet = { name: 'wanet', warping_strength: 3 };
    const place = await setUp(wanet);
    const stored = createTrigger(wanet, { shape: [side, side, 1], seed: trainingSeed });
    const another = createTrigger(wanet, { shape: [side, side, 1], seed: 77 });
    for (const params of [{ seed: 77 }, { seed: 77, backdoor: wanet }]) {
      const task = await build(place, params);
      const { dataset, indices } = part(task, true);
      const clean = part(task, false).dataset.read(indices.subarray(0, 1), 0).inputs;
      const found = dataset.read(indices.subarray(0, 1), 0).inputs;
      const warped = [stored, another].map((trigger) => {
        const image = clean.slice();
        trigger.apply(image, undefined as never);
        return image;
      });
      expect(found).toEqual(warped[0]);
      expect(found).not.toEqual(warped[1]);
    }
    const drawnAnew = await build(place, { backdoor: { ...wanet, field_seed: 77 } });
    const first = part(drawnAnew, true);
    const clean = part(drawnAnew, false)
      .dataset.read(first.indices, 0)
      .inputs.subarray(0, side * side);
    another.apply(clean, undefined as never);
    expect(read(first).inputs.subarray(0, side * side)).toEqual(clean);
  });

  it('names its parents and what it was made of', async () => {
    const place = await setUp({ name: 'corner' });
    const task = await build(place);
    expect(task.parents).toEqual([place.run_path]);
    expect(Object.keys(task.fingerprints)).toEqual(['model', 'trusted', 'test_clean', 'test_anomalous']);
    for (const fingerprint of Object.values(task.fingerprints)) expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(Object.values(task.fingerprints)).size).toBe(4);
    const { run_path } = place;
    expect(taskRegistry.get('backdoor').dependencies({ run_path })).toEqual({ model: task.fingerprints['model'] });
  });
});

describe('a backdoor task is refused', () => {
  it('where data and model have different shapes', async () => {
    const place = await setUp({ name: 'corner' });
    writeSmallMnist(place.dataDir, { train: trainCount, test: testCount, side: 9 });
    const { code, message } = await refusal(build(place));
    expect(code).toBe('usage');
    expect(message).toBe(
      `The classifier in ${place.run_path} takes inputs of shape 6 x 6 x 1 in 10 classes; the data "mnist" has 9 x 9 x 1 in 10.`,
    );
  });

  it('where no trigger is known', async () => {
    const place = await setUp();
    const { code, message, hint } = await refusal(build(place));
    expect(code).toBe('usage');
    expect(message).toBe(
      `The classifier in ${place.run_path} was trained without a trigger, so the task must name one.`,
    );
    expect(hint).toBe('Choose one by --task.backdoor, for example corner.');
    expect((await build(place, { backdoor: 'corner' })).test).toHaveLength(2);
  });

  it.each([0, 1, 0.01])('where a clean share of %f leaves only one kind of test sample', async (clean_test_weight) => {
    const { code, message } = await refusal(build(await setUp({ name: 'corner' }), { clean_test_weight }));
    expect(code).toBe('usage');
    expect(message).toMatch(
      /^The test data needs both clean and anomalous samples; a clean share of \S+ of 40 samples leaves none that are (clean|anomalous)\.$/,
    );
  });

  it('where the folder holds no finished classifier', async () => {
    const place = await setUp({ name: 'corner' });
    rmSync(join(place.run_path, 'model.safetensors'));
    const unfinished = await refusal(build(place));
    expect(unfinished.code).toBe('not-found');
    expect(unfinished.message).toMatch(/There is no trained classifier in ".*": it has no model\.safetensors\./);
    rmSync(place.run_path, { recursive: true });
    expect((await refusal(build(place))).message).toBe(`"${place.run_path}" holds no run: there is no such folder.`);
  });

  it('where its data would be poisoned already', async () => {
    const { message } = await refusal(build(await setUp({ name: 'corner' }), { data: 'backdoor' }));
    expect(message).toBe('The data of a task that watches a classifier must not be poisoned itself; got "backdoor".');
  });
});
