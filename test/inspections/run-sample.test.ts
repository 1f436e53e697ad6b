import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workbench } from '../../main/api/workbench.ts';
import { loadSplit } from '../../main/data/datasets/load.ts';
import { LoadedDatasets } from '../../main/data/loaded-datasets.ts';
import { runSample } from '../../main/inspections/run-samples.ts';
import { softmax } from '../../main/models/class-probabilities.ts';
import { readScores } from '../../main/storage/run-folder.ts';
import { runOn } from '../api/run-on.ts';

let place: string;
const context = { dataDir: '/nowhere', signal: new AbortController().signal, datasets: new LoadedDatasets() };
const data = { name: 'glyphs', limit: 300 };
const model = { name: 'mlp', hidden_dims: [16] };
const target = 3;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-run-sample-'));
  process.env['CUPBEARER_HOME'] = join(place, 'home');
  const workbench = new Workbench();
  const triggered = { name: 'backdoor', original: data, backdoor: { name: 'corner', target_class: target } };
  const classifier = (name: string, train_data: object) =>
    runOn(workbench, 'train-classifier', { train_data, model, num_epochs: 2 }, { folder: join(place, name) });
  const detector = (name: string, task: object) =>
    runOn(
      workbench,
      'train-detector',
      { task: { max_test_size: 40, ...task }, analysis: false },
      { folder: join(place, name) },
    );
  await classifier('poisoned', triggered);
  await classifier('clean', data);
  await detector('backdoor', { name: 'backdoor', run_path: join(place, 'poisoned') });
  await detector('ood', { name: 'ood', run_path: join(place, 'poisoned') });
  await detector('adversarial', {
    name: 'adversarial-examples',
    run_path: join(place, 'clean'),
    eps: 0.2,
    step_size: 0.05,
    success_threshold: 0,
  });
  await runOn(
    workbench,
    'train-classifier',
    { train_data: 'toy-features', model: { name: 'mlp', hidden_dims: [8] }, num_epochs: 1 },
    { folder: join(place, 'toy') },
  );
  await detector('toy-detector', { name: 'toy-features', run_path: join(place, 'toy') });
  workbench.close();
}, 300_000);
afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));

/** The first test sample of a run that is clean or anomalous, closely. */
async function firstOf(run: string, kind: 'clean' | 'anomalous') {
  const folder = join(place, run);
  const { labels, sampleIndex } = readScores(folder);
  const position = labels.indexOf(kind === 'anomalous' ? 1 : 0);
  const close = await runSample({ folder, position }, context);
  return { ...close, position, index: sampleIndex[position]! };
}

/** The values of a sample and of what it was made of. */
function picturesOf({ sample }: Awaited<ReturnType<typeof firstOf>>) {
  if (sample.kind !== 'images') throw new Error(sample.kind);
  expect(sample.count).toBe(1);
  const { clean, changed } = sample.arrays;
  return { clean: [...clean!], changed: changed && [...changed] };
}

/** A sample of the test data as nobody has changed it. */
async function untouched(index: number) {
  const test = await loadSplit(data, { train: false, augment: false }, { ...context, seed: 0 });
  const { inputs, labels } = test.read([index], 0);
  return { values: [...inputs], label: labels[0]! };
}

describe('the twin of a sample', () => {
  it('is the triggered one without its trigger, with its own label', async () => {
    const close = await firstOf('backdoor', 'anomalous');
    const { clean, changed } = picturesOf(close);
    const { values, label } = await untouched(close.index);
    expect(clean).toEqual(values);
    expect(changed).toEqual([1, ...values.slice(1)]);
    expect(values[0]).toBeLessThan(0.5);
    expect([close.trueClass, close.sample]).toMatchObject([
      label,
      { indices: [close.index], labels: [String(label)], changedLabels: [String(target)] },
    ]);
  });

  it('is the one that was attacked, within the radius', async () => {
    const close = await firstOf('adversarial', 'anomalous');
    const { clean, changed } = picturesOf(close);
    expect(clean).toEqual((await untouched(close.index)).values);
    const largest = Math.max(...clean.map((value, k) => Math.abs(value - changed![k]!)));
    expect(largest).toBeGreaterThan(0.1);
    expect(largest).toBeLessThan(0.2 + 1e-6);
  });

  it('is the one before a harmless change, for normal samples too', async () => {
    for (const kind of ['clean', 'anomalous'] as const) {
      const close = await firstOf('ood', kind);
      const { clean, changed } = picturesOf(close);
      expect(clean).toEqual((await untouched(close.index)).values);
      expect(changed).not.toEqual(clean);
    }
  });

  it('is not there where nothing was changed', async () => {
    const clean = await firstOf('backdoor', 'clean');
    expect(picturesOf(clean)).toEqual({ clean: (await untouched(clean.index)).values, changed: undefined });
    expect((await firstOf('toy-detector', 'anomalous')).sample).toMatchObject({ kind: 'texts', changed: null });
  });
});

describe('the probabilities of a sample', () => {
  it('add up to 1, from the largest down, which is the class that the run has predicted', async () => {
    for (const run of ['backdoor', 'ood', 'adversarial', 'toy-detector']) {
      const folder = join(place, run);
      const { labels, predictedClass, trueClass } = readScores(folder);
      for (let position = 0; position < labels.length; position += 3) {
        const { likely, others, ...close } = await runSample({ folder, position }, context);
        const values = likely!.map(({ probability }) => probability);
        expect(values.reduce((sum, value) => sum + value, others.probability)).toBeCloseTo(1, 12);
        expect(values).toEqual(values.toSorted((a, b) => b - a));
        expect(likely![0]!.class).toBe(predictedClass![position]);
        expect(close.trueClass).toBe(trueClass![position]);
        expect(likely!.some((one) => one.class === close.trueClass)).toBe(true);
        expect(likely!.length + others.count).toBe(run === 'toy-detector' ? 2 : 10);
        expect(likely!.length).toBeLessThanOrEqual(6);
      }
    }
  });

  it('are refused where the model is not the one that was scored', async () => {
    const kept = join(place, 'kept');
    cpSync(join(place, 'poisoned'), kept, { recursive: true });
    cpSync(join(place, 'clean', 'model.safetensors'), join(place, 'poisoned', 'model.safetensors'));
    try {
      await expect(firstOf('backdoor', 'clean')).rejects.toMatchObject({
        code: 'bad-data',
        message: `The model in "${join(place, 'poisoned')}" is not the one that was scored: it has changed since.`,
      });
    } finally {
      cpSync(join(kept, 'model.safetensors'), join(place, 'poisoned', 'model.safetensors'));
    }
  });
});

it('a place beyond the end is refused', async () => {
  await expect(runSample({ folder: join(place, 'backdoor'), position: 40 }, context)).rejects.toMatchObject({
    code: 'usage',
  });
});

it('softmax is exact in float64, however large the logits', () => {
  expect([...softmax([0, Math.log(3)])]).toEqual([0.25, expect.closeTo(0.75, 15)]);
  expect([...softmax([1e30, 1e30, 0])]).toEqual([0.5, 0.5, 0]);
});
