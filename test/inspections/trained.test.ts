import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import { Workbench } from '../../main/api/workbench.ts';
import { loadDataset } from '../../main/data/datasets/load.ts';
import { LoadedDatasets } from '../../main/data/loaded-datasets.ts';
import { estimateDraft } from '../../main/inspections/estimate-draft.ts';
import { previewDraft } from '../../main/inspections/preview-draft.ts';
import { findSamples, runSamples } from '../../main/inspections/run-samples.ts';
import { textsOf } from '../../main/inspections/show-samples.ts';
import { readScores, writeScores } from '../../main/storage/run-folder.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { runOn } from '../api/run-on.ts';

let place: string;
const context = { dataDir: '/nowhere', signal: new AbortController().signal, datasets: new LoadedDatasets() };
const data = { name: 'glyphs', limit: 300 };
const training = {
  train_data: { name: 'backdoor', original: data, backdoor: { name: 'corner', target_class: 3 } },
  model: { name: 'mlp', hidden_dims: [16] },
  num_epochs: 2,
};

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-inspections-'));
  process.env['CUPBEARER_HOME'] = join(place, 'home');
  const workbench = new Workbench();
  await runOn(workbench, 'train-classifier', training, { folder: join(place, 'classifier') });
  await runOn(
    workbench,
    'train-detector',
    { task: { name: 'backdoor', run_path: join(place, 'classifier'), max_test_size: 60 }, analysis: false },
    { folder: join(place, 'detector') },
  );
  await runOn(
    workbench,
    'train-classifier',
    { train_data: 'toy-features', model: { name: 'mlp', hidden_dims: [8] }, num_epochs: 1 },
    { folder: join(place, 'toy') },
  );
  await runOn(
    workbench,
    'train-detector',
    { task: { name: 'toy-features', run_path: join(place, 'toy'), max_test_size: 1200 }, analysis: false },
    { folder: join(place, 'toy-detector') },
  );
  workbench.close();
});
afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));

describe('samples of a run', () => {
  it('are found by their places in its scores, as the model saw them', async () => {
    const { labels, sampleIndex } = readScores(join(place, 'detector'));
    const places = [59, 0, 31];
    const samples = await runSamples({ folder: join(place, 'detector'), positions: places }, context);
    if (samples.kind !== 'images') throw new Error(samples.kind);
    expect(samples.indices).toEqual(places.map((k) => sampleIndex[k]));
    const isMarked = places.map((_, i) => samples.arrays['clean']![i * 784] === 1);
    // The corner pixel is white where the sample is anomalous, and only there.
    expect(isMarked).toEqual(places.map((k) => labels[k] === 1));
    places.forEach((k, i) => {
      if (labels[k] === 1) expect(samples.labels[i]).toBe('3');
    });
  });

  it('are those that the run has scored, whatever its task would test today', async () => {
    const folder = join(place, 'older');
    cpSync(join(place, 'toy-detector'), folder, { recursive: true });
    const trusted = { name: 'toy-features', samples: 300 };
    const stored = JSON.parse(readFileSync(join(folder, 'spec.json'), 'utf8')) as {
      spec: { task: { run_path: string } };
    };
    // Today this is refused: the clean test data are the trusted ones.
    const task = {
      name: 'separate-data',
      run_path: stored.spec.task.run_path,
      trusted_data: trusted,
      clean_test_data: trusted,
      anomalous_test_data: { name: 'toy-features', features: 'disagree', train: false, samples: 60 },
    };
    writeFileSync(join(folder, 'spec.json'), JSON.stringify({ ...stored, spec: { ...stored.spec, task } }));
    // A sample could be scored twice.
    const older = { labels: Uint8Array.of(0, 0, 1), sampleIndex: Int32Array.of(5, 5, 7) };
    const layers = new Map([['all', Float32Array.of(1, 2, 3)]]);
    writeScores(folder, { ...older, layers });
    const textOf = async (data: Parameters<typeof loadDataset>[0], index: number) => {
      const dataset = await loadDataset(data, { ...context, seed: 0 });
      return textsOf(dataset, [index], dataset.read([index], 0))[0]!;
    };
    const clean = await textOf(task.clean_test_data, 5);
    const samples = await runSamples({ folder, positions: [0, 1, 2] }, context);
    expect(samples).toMatchObject({
      indices: [5, 5, 7],
      clean: [clean, clean, await textOf(task.anomalous_test_data, 7)],
    });
    expect([...(await findSamples({ folder, text: clean }, context)).positions]).toEqual([0, 1]);

    const damaged = join(place, 'damaged');
    renameSync(folder, damaged);
    writeScores(damaged, { ...older, sampleIndex: Int32Array.of(5, 5, 60), layers });
    await expect(runSamples({ folder: damaged, positions: [2] }, context)).rejects.toMatchObject({
      code: 'bad-data',
      message:
        'The run scored number 60 of the anomalous data, of which there are 60 now: its data have changed since.',
    });
  });

  it('are refused beyond the end and where there are none', async () => {
    await expect(runSamples({ folder: join(place, 'detector'), positions: [60] }, context)).rejects.toThrow(
      'There are 60 test samples; number 60 (from 0) was asked for.',
    );
    await expect(runSamples({ folder: join(place, 'classifier'), positions: [0] }, context)).rejects.toThrow(
      'it has no task',
    );
  });
});

describe('the search for samples', () => {
  it('finds those whose text has the words in it, in all parts of the test data, and none among images', async () => {
    const folder = join(place, 'toy-detector');
    const n = readScores(folder).labels.length;
    const all = await runSamples({ folder, positions: [...Array(n).keys()] }, context);
    if (all.kind !== 'texts') throw new Error(all.kind);
    const wanted = all.clean.at(-1).slice(0, 5);
    const having = all.clean.flatMap((text, position) => (text.includes(wanted) ? [position] : []));
    expect(having).toContain(n - 1);
    expect([...(await findSamples({ folder, text: wanted }, context)).positions]).toEqual(having);
    expect((await findSamples({ folder, text: 'nowhere' }, context)).positions).toHaveLength(0);
    expect((await findSamples({ folder: join(place, 'detector'), text: '0' }, context)).positions).toHaveLength(0);
  });

  it('is given up when nobody wants the answer any more', async () => {
    const question = { folder: join(place, 'toy-detector'), text: '0' };
    await expect(findSamples(question, { ...context, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});

describe('the preview of adversarial examples', () => {
  const preview = (steps: number) => {
    const draft: ExperimentDraft = {
      preset: '',
      classifier: { source: 'run', run: 'it' },
      task: { name: 'adversarial-examples', eps: 0.2, step_size: 0.05, steps },
      detectors: [],
      evaluation: {},
      engine: 'auto',
      tags: [],
    };
    return previewDraft(
      { subject: { draft, classifierFolder: join(place, 'classifier') }, draw: 0, count: 4 },
      context,
    );
  };

  it('attacks the samples that it shows with the trained model, within the radius, and stores nothing', async () => {
    const before = readdirSync(join(place, 'classifier'));
    const { samples, note } = await preview(8);
    if (samples.kind !== 'images') throw new Error(samples.kind);
    const changes = [...samples.arrays['clean']!].map((value, k) => Math.abs(value - samples.arrays['changed']![k]!));
    expect(Math.max(...changes)).toBeGreaterThan(0.1);
    expect(Math.max(...changes)).toBeLessThan(0.2 + 1e-6);
    expect([samples.count, note]).toEqual([4, null]);
    expect(readdirSync(join(place, 'classifier'))).toEqual(before);
  });

  it('is given up where the attack takes too long, and says so', async () => {
    const { samples, note } = await preview(100_000);
    if (samples.kind !== 'images') throw new Error(samples.kind);
    expect(Object.keys(samples.arrays)).toEqual(['clean']);
    expect(note).toBe('Computing the anomalous samples takes more than 8\u00a0s here.');
  }, 30_000);
});

describe('an estimate', () => {
  const draft = (more: Partial<ExperimentDraft>): ExperimentDraft => ({
    preset: '',
    classifier: { source: 'train', params: training },
    task: { name: 'backdoor' },
    detectors: [{ name: 'mahalanobis' }],
    evaluation: {},
    engine: engineUnderTest,
    tags: [],
    ...more,
  });
  const ms = (estimate: Awaited<ReturnType<typeof estimateDraft>>, phase: string) =>
    estimate.parts.find((part) => part.phase === phase)?.ms ?? 0;

  it('has a part for every phase, and grows with what is to be done', async () => {
    const subject = (num_epochs: number) => ({
      draft: draft({ classifier: { source: 'train', params: { ...training, num_epochs } } }),
      classifierFolder: null,
    });
    const short = await estimateDraft(subject(2), context);
    expect(short.engine).toBe(engineUnderTest);
    expect(short.parts.map(({ phase }) => phase)).toEqual(['Start', 'Data', 'Train', 'Fit', 'Evaluate', 'Figures']);
    expect(short.totalMs).toBeCloseTo(
      short.parts.reduce((sum, part) => sum + part.ms, 0),
      6,
    );
    const long = await estimateDraft(subject(200), context);
    expect(ms(long, 'Train')).toBeGreaterThan(20 * ms(short, 'Train'));
  });

  it('needs no training where a trained classifier is taken, and leaves nothing in its folder', async () => {
    const classifierFolder = join(place, 'classifier');
    const before = readdirSync(classifierFolder);
    const task = { name: 'adversarial-examples', steps: 2 };
    const estimate = await estimateDraft(
      { draft: draft({ classifier: { source: 'run', run: 'it' }, task }), classifierFolder },
      context,
    );
    expect(ms(estimate, 'Train')).toBe(0);
    expect(ms(estimate, 'Fit')).toBeGreaterThan(0);
    expect(readdirSync(classifierFolder)).toEqual(before);
  });

  it('is not known where the method cannot work on a few samples, and refused for an engine that is not there', async () => {
    const subject = { draft: draft({ detectors: [{ name: 'supervised-probe' }] }), classifierFolder: null };
    expect(await estimateDraft(subject, context)).toEqual({
      totalMs: null,
      mostMs: null,
      parts: [],
      engine: engineUnderTest,
    });
    const other = { draft: draft({ engine: 'abacus' }), classifierFolder: null };
    await expect(estimateDraft(other, context)).rejects.toMatchObject({ code: 'usage' });
  });
});
