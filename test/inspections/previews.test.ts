import { describe, expect, it } from 'vitest';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import { LoadedDatasets } from '../../main/data/loaded-datasets.ts';
import { previewDataset } from '../../main/inspections/preview-dataset.ts';
import { previewDraft } from '../../main/inspections/preview-draft.ts';
import { toyDataset } from '../data/toy-dataset.ts';

const context = { dataDir: '/nowhere', signal: new AbortController().signal, datasets: new LoadedDatasets() };

function draft(train_data: unknown, task: object = {}): ExperimentDraft {
  return {
    preset: '',
    classifier: { source: 'train', params: { train_data } },
    task: { name: 'backdoor', ...task },
    detectors: [],
    evaluation: {},
    engine: 'auto',
    tags: [],
  };
}
const poisoned = (backdoor: unknown) => ({ name: 'backdoor', original: { name: 'glyphs', limit: 50 }, backdoor });
const preview = (of: ExperimentDraft, draw = 0, count = 3) =>
  previewDraft({ subject: { draft: of, classifierFolder: null }, draw, count }, context);

async function images(of: ExperimentDraft, draw = 0) {
  const { samples } = await preview(of, draw);
  if (samples.kind !== 'images') throw new Error(JSON.stringify(samples));
  return samples;
}

describe('the preview of a draft', () => {
  it('shows clean samples and, beside each, the same with the trigger and its label', async () => {
    const samples = await images(draft(poisoned({ name: 'corner', corner: 'bottom-right', target_class: 7 })));
    const { clean, changed } = samples.arrays;
    expect([samples.shape, samples.count, samples.changedLabels]).toEqual([[28, 28, 1], 3, ['7', '7', '7']]);
    const differing = [...clean!].flatMap((value, k) => (value === changed![k] ? [] : [[k % 784, changed![k]]]));
    expect(differing).toEqual([
      [783, 1],
      [783, 1],
      [783, 1],
    ]);
  });

  it('draws others for another draw, and the same again for the same', async () => {
    const of = draft(poisoned('corner'));
    const [first, again, other] = [await images(of, 1), await images(of, 1), await images(of, 2)];
    expect(again.indices).toEqual(first.indices);
    expect(other.indices).not.toEqual(first.indices);
  });

  it("takes the task's own trigger before the classifier's", async () => {
    const samples = await images(draft(poisoned('corner'), { backdoor: { name: 'noise', std: 0.5 } }));
    const { clean, changed } = samples.arrays;
    const changes = [...clean!].filter((value, k) => value !== changed![k]).length;
    expect(changes).toBeGreaterThan(clean!.length / 3);
  });

  it('shows texts as text and rows of numbers as numbers', async () => {
    const { samples: arithmetic } = await preview(
      draft({ name: 'arithmetic', samples: 40 }, { name: 'quirky-arithmetic' }),
    );
    expect(arithmetic.kind).toBe('texts');
    if (arithmetic.kind !== 'texts') return;
    arithmetic.clean.forEach((text, i) => {
      const [, a, b] = /^Alice (\d+) \+ (\d+) =$/.exec(text)!;
      expect(arithmetic.labels[i]).toBe(String(Number(a) + Number(b)));
      expect(arithmetic.changed![i]).toBe(`Bob ${a} + ${b} =`);
      expect(arithmetic.changedLabels![i]).toBe(String(Number(a) + Number(b) + 1));
    });
    const { samples: toy } = await preview(draft({ name: 'toy-features', distractors: 1 }, { name: 'toy-features' }));
    if (toy.kind !== 'texts') throw new Error(toy.kind);
    expect(toy.clean[0]).toMatch(/^-?\d\.\d\d -?\d\.\d\d -?\d\.\d\d$/);
    // The second feature has the other sign: the first and the distractor are the same.
    const [clean, changed] = [toy.clean[0]!.split(' '), toy.changed![0]!.split(' ')];
    expect([changed[0], changed[2]]).toEqual([clean[0], clean[2]]);
    expect(changed[1]).not.toBe(clean[1]);
  });

  it('shows only clean samples where the anomalies are made with the trained model', async () => {
    const { samples, note } = await preview(draft({ name: 'glyphs', limit: 20 }, { name: 'adversarial-examples' }));
    if (samples.kind !== 'images') throw new Error(samples.kind);
    expect(Object.keys(samples.arrays)).toEqual(['clean']);
    expect(samples.changedLabels).toBeNull();
    expect(note).toContain('once that has been trained');
  });

  it('shows what is normal in the test where that is changed harmlessly', async () => {
    const change = { name: 'noise', std: 0.2 };
    const of = draft(poisoned({ name: 'corner', corner: 'bottom-right' }), { name: 'ood', change });
    const { samples, normal } = await preview(of);
    if (samples.kind !== 'images' || normal?.kind !== 'images') throw new Error('expected images');
    expect(normal.indices).toEqual(samples.indices);
    const [clean, noisy] = [samples.arrays['clean']!, normal.arrays['clean']!];
    expect([...clean].filter((value, k) => value !== noisy[k]).length).toBeGreaterThan(clean.length / 3);
    // The trigger lies on the clean ones, not on those.
    expect([...samples.arrays['changed']!].filter((value, k) => value !== clean[k])).toEqual([1, 1, 1]);
  });

  it('shows samples of two datasets that have nothing to do with each other as such', async () => {
    const data = { name: 'glyphs', limit: 30 };
    const anomalous = {
      name: 'backdoor',
      original: { name: 'glyphs', limit: 20 },
      backdoor: { name: 'corner', p_backdoor: 1 },
    };
    const task = { name: 'separate-data', trusted_data: data, clean_test_data: data, anomalous_test_data: anomalous };
    const { samples, unpaired } = await preview(draft(data, task));
    if (samples.kind !== 'images' || unpaired?.kind !== 'images') throw new Error('expected images');
    expect(Object.keys(samples.arrays)).toEqual(['clean']);
    expect([0, 1, 2].map((i) => unpaired.arrays['clean']![i * 784])).toEqual([1, 1, 1]);
  });

  it('says why there is nothing to see', async () => {
    const said = async (of: ExperimentDraft) => (await preview(of)).samples;
    expect(await said(draft('mnist'))).toMatchObject({
      kind: 'none',
      reason: expect.stringContaining('The dataset "mnist" is not in') as string,
    });
    expect(await said(draft({ name: 'glyphs', limit: 20 }))).toMatchObject({
      kind: 'none',
      reason: expect.stringContaining('the task must name one') as string,
    });
    expect(await said(draft(poisoned({ name: 'corner', target_class: 10 })))).toMatchObject({
      kind: 'none',
      reason: 'Expected a target class of 0 to 9, found 10.',
    });
  });
});

describe('the preview of a dataset', () => {
  it('shows training samples with their labels and counts both halves by class', async () => {
    const dataset = { name: 'glyphs', limit: 200 };
    const { samples, counts } = await previewDataset({ dataset, draw: 0, count: 500 }, context);
    if (samples.kind !== 'images' || !counts) throw new Error('expected images and counts');
    expect(samples.count).toBe(200);
    const shown = counts.classes.map((name) => samples.labels.filter((label) => label === name).length);
    expect(counts.train).toEqual(shown);
    expect(counts.test.reduce((sum, count) => sum + count, 0)).toBe(200);
  });

  it('fails where the dataset is not on disk', async () => {
    await expect(previewDataset({ dataset: { name: 'mnist' }, draw: 0, count: 5 }, context)).rejects.toMatchObject({
      code: 'not-found',
      details: { dataset: 'mnist' },
    });
  });
});

describe('loaded datasets', () => {
  it('are loaded once, and again after a failure or once others took their memory', async () => {
    const cache = new LoadedDatasets(2.5e6);
    const loads: string[] = [];
    const get = (key: string, fails = false) =>
      cache.get(key, () => {
        loads.push(key);
        return fails ? Promise.reject(new Error(key)) : Promise.resolve({ ...toyDataset(3), memory: 1e6 });
      });
    await get('a');
    await get('a');
    await expect(get('b', true)).rejects.toThrow('b');
    await get('b');
    expect(loads).toEqual(['a', 'b', 'b']);
    await get('c');
    await get('b');
    await get('a');
    expect(loads).toEqual(['a', 'b', 'b', 'c', 'a']);
  });

  it('are kept by what they take together, and the last one however large', async () => {
    const cache = new LoadedDatasets(2.5e6);
    const loads: string[] = [];
    const get = (key: string, memory: number) =>
      cache.get(key, () => {
        loads.push(key);
        return Promise.resolve({ ...toyDataset(3), memory });
      });
    for (let k = 0; k < 20; k++) await get(`small ${k}`, 1000);
    await get('small 0', 1000);
    expect(loads).toHaveLength(20);
    await get('huge', 1e9);
    await get('huge', 1e9);
    expect(loads).toHaveLength(21);
    await get('small 0', 1000);
    await get('huge', 1e9);
    expect(loads.slice(20)).toEqual(['huge', 'small 0', 'huge']);
  });

  it('tell how long they took to load, whoever asked first, and what was waited for now', async () => {
    const cache = new LoadedDatasets();
    const slow = () =>
      cache.get('slow', async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return toyDataset(3);
      });
    const first = await cache.measure(slow);
    const second = await cache.measure(slow);
    expect(first.loadMs).toBeGreaterThan(25);
    expect(first.waitedMs).toBe(first.loadMs);
    expect([second.loadMs, second.waitedMs]).toEqual([first.loadMs, 0]);
  });
});
