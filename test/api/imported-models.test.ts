import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import { importModelFiles } from '../../main/inspections/import-model.ts';
import { readModel, readNetworkSpec, writeModelDescription, writeWeights } from '../../main/models/files.ts';
import { Network } from '../../main/models/network.ts';
import { runResult } from '../../main/reports/run-results.ts';
import { encodeSafetensors } from '../../main/storage/safetensors.ts';
import { readTensorFile } from '../../main/storage/tensor-file.ts';
import { startCli } from '../hosts/cli-process.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { trainedClassifier } from '../tasks/trained-classifier.ts';
import { temporaryApplication } from './app-client.ts';
import { importModel } from './imports.ts';
import { enqueueOn } from './run-on.ts';

/** Classifiers of glyphs, trained here; only what any program could write of them is imported. */
const original = { name: 'glyphs', limit: 600, default_augmentations: false };
const trained = { corner: '', wanet: '' };
let place: string;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-imported-'));
  const training = { model: { name: 'mlp', hidden_dims: [16] }, num_epochs: 2, batch_size: 50, seed: 3 };
  for (const backdoor of ['corner', 'wanet'] as const) {
    const train_data = { name: 'backdoor', original, backdoor: { name: backdoor, p_backdoor: 0.2 } };
    trained[backdoor] = (await trainedClassifier({ ...training, train_data })).folder;
  }
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const bare = (folder: string) =>
  ['model.json', 'model.safetensors'].map((name) => new File([readFileSync(join(folder, name))], name));
const poisoned = (backdoor: string) => ({ train_data: { name: 'backdoor', original, backdoor } });
const draftOn = (run: string, more: Partial<ExperimentDraft> = {}): ExperimentDraft => ({
  preset: '',
  classifier: { source: 'run', run },
  task: { name: 'backdoor', max_test_size: 100 },
  detectors: [{ name: 'mahalanobis' }],
  evaluation: { analysis: false },
  engine: 'auto',
  tags: [],
  ...more,
});

describe('a model without spec.json', () => {
  it('is used in a backdoor task once it is said what it was trained on, at import', async () => {
    const { client, application } = temporaryApplication();
    const { id } = await importModel(client, { name: 'Elsewhere', files: bare(trained.corner), trained: poisoned('corner') }); // prettier-ignore
    expect((await client.models.list({}))[0]).toMatchObject({ imported: true, isTrainingKnown: true });
    expect((await client.drafts.check({ draft: draftOn(id) })).faults).toEqual([]);
    const { ids } = await client.drafts.start({ draft: draftOn(id) });
    await application.queued.ended(ids[0]!);
    const run = application.workbench.catalogue.get(ids[0]!);
    expect([run.status, run.parents]).toEqual(['done', [id]]);
    // The same as on the run that it comes from.
    const [own] = enqueueOn(application.queued, [
      {
        experiment: 'train-detector',
        params: { ...run.spec, task: { ...(run.spec['task'] as object), run_path: trained.corner } },
      },
    ]);
    await application.queued.ended(own!.id);
    const { metrics } = application.workbench.catalogue.get(own!.id);
    expect(Object.keys(metrics)).toContain('auroc');
    // Its own training knows the accuracy on all test samples; of the imported one, those of the task are all there is.
    expect(run.metrics).toEqual({ ...metrics, clean_accuracy: expect.any(Number) as number });
    expect(Math.abs(run.metrics['clean_accuracy']! - metrics['clean_accuracy']!)).toBeLessThan(0.2);
    expect(run.metrics['attack_success']).toBeTypeOf('number');
  });

  it('is doubted like a trained one where the attack fails, on the page and in numbers', async () => {
    const { client, application } = temporaryApplication();
    const { id } = await importModel(client, { name: 'Elsewhere', files: bare(trained.corner), trained: { train_data: original } }); // prettier-ignore
    const task = {
      name: 'backdoor',
      max_test_size: 100,
      backdoor: { name: 'corner', corner: 'bottom-right', target_class: 7 },
    };
    const { ids } = await client.drafts.start({ draft: draftOn(id, { task }) });
    await application.queued.ended(ids[0]!);
    const run = application.workbench.catalogue.get(ids[0]!);
    expect(run.status).toBe('done');
    expect(run.metrics['attack_success']).toBeLessThan(0.5);
    const result = runResult({
      folder: run.folder,
      classifier: application.workbench.catalogue.get(id).folder,
      triggers: null,
    });
    expect(result!.doubts.map(({ id: kind }) => kind)).toContain('attack-fails');
  });

  it('is refused where its classes have other names than its data, until it is said how the data call them', async () => {
    const { client, application, place: home } = temporaryApplication();
    const named = (names: readonly string[]) => {
      const description = JSON.parse(readFileSync(join(trained.corner, 'model.json'), 'utf8')) as object;
      const [, weights] = bare(trained.corner);
      return [new File([JSON.stringify({ ...description, classes: names })], 'model.json'), weights!];
    };
    const words = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
    const message = `The classes of the data "glyphs" are named otherwise than those of the model (0, 1, 2, 3, 4, 5, 6, 7, 8, 9 against ${words.join(', ')}).`;
    const trainedOn = { name: 'Words', files: named(words), trained: poisoned('corner') };
    await expect(importModel(client, trainedOn)).rejects.toMatchObject({
      data: { code: 'usage', message, details: { faults: [{ path: ['classes'] }] } },
    });
    expect(readdirSync(home)).not.toContain('runs');
    // Later, too.
    const { id } = await importModel(client, { name: 'Words', files: named(words) });
    await expect(client.models.stateTraining({ id, trained: poisoned('corner') })).rejects.toMatchObject({
      data: { message },
    });
    const digits = words.map((_, digit) => String(digit));
    await client.models.stateTraining({ id, trained: { ...poisoned('corner'), classes: digits } });
    const { folder: kept } = application.workbench.catalogue.get(id);
    expect(readNetworkSpec(kept).classes).toEqual(digits);

    const folder = join(place, 'words');
    mkdirSync(folder);
    for (const file of named(words)) writeFileSync(join(folder, file.name), Buffer.from(await file.arrayBuffer()));
    const call = (...more: string[]) => {
      const asked = ['models', 'import', folder, '--train_data', 'glyphs', ...more];
      return startCli(asked, { cwd: place, home: join(place, 'home') }).ended;
    };
    const refused = await call();
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(message)]);
    const { id: cli } = JSON.parse((await call('--classes', digits.join(), '--json')).stdout) as { id: string };
    expect(cli).not.toBe('');

    const numbers = ['00', '01', '02', '03', '04', '05', '06', '07', '08', '9.0'];
    await importModel(client, { name: 'Numbers', files: named(numbers), trained: poisoned('corner') });
    const notes = (await client.models.list({})).map(({ run, classesNote }) => [run.title, classesNote]);
    expect(Object.fromEntries(notes)).toEqual({ Words: null, Numbers: null });
  });

  it('is a fault of a draft until then, and can be said later, once', async () => {
    const { client, application } = temporaryApplication();
    const { id } = await importModel(client, { name: 'Elsewhere', files: bare(trained.corner) });
    expect((await client.models.list({}))[0]).toMatchObject({ isTrainingKnown: false });
    const { folder } = application.workbench.catalogue.get(id);
    const unknown = `It is not known what the model in "${folder}" was trained on. State it on the screen Models.`;
    expect((await client.drafts.check({ draft: draftOn(id) })).faults).toEqual([
      { path: ['classifier', 'run'], step: 'model', message: unknown, label: 'Classifier' },
    ]);
    await expect(client.drafts.start({ draft: draftOn(id) })).rejects.toMatchObject({ data: { code: 'usage' } });
    await expect(client.models.stateTraining({ id, trained: {} })).rejects.toMatchObject({
      data: { code: 'usage', details: { faults: [{ path: ['train_data'] }] } },
    });
    await client.models.stateTraining({ id, trained: poisoned('corner') });
    expect((await client.drafts.check({ draft: draftOn(id) })).faults).toEqual([]);
    // What it says survives a catalogue that is made again from the folders.
    application.workbench.catalogue.rebuild([folder]);
    expect(application.workbench.catalogue.get(id).spec['train_data']).toMatchObject({ name: 'backdoor' });
    await expect(client.models.stateTraining({ id, trained: poisoned('corner') })).rejects.toMatchObject({
      data: { code: 'conflict' },
    });
  });

  it.each<[string, ExperimentDraft['task']]>([
    [
      'of separate datasets',
      {
        name: 'separate-data',
        trusted_data: { name: 'glyphs', limit: 200 },
        clean_test_data: { name: 'glyphs', train: false, limit: 100 },
        anomalous_test_data: { name: 'backdoor', original: { name: 'glyphs', train: false, limit: 300 }, backdoor: { name: 'corner', p_backdoor: 1 } },
      },
    ],
    ['of a backdoor that names data and trigger', { name: 'backdoor', data: { name: 'glyphs' }, backdoor: { name: 'corner' } }],
  ])('serves a task %s, which needs no statement', async (_, asked) => {
    const { client, application } = temporaryApplication();
    const { id } = await importModel(client, { name: 'Elsewhere', files: bare(trained.corner) });
    const task = { ...asked, max_train_size: 200, max_test_size: 100, overlap: 'remove' };
    const draft = draftOn(id, { task });
    expect((await client.drafts.check({ draft })).faults).toEqual([]);
    const { ids } = await client.drafts.start({ draft });
    await application.queued.ended(ids[0]!);
    expect(application.workbench.catalogue.get(ids[0]!)).toMatchObject({ status: 'done', error: null });
  }); // prettier-ignore

  it.each<[string, object, string[], RegExp]>([
    ['data of another shape', { train_data: { name: 'toy-features' } }, ['train_data'], /^The model takes inputs of shape 28 x 28 x 1 in 10 classes; the data "toy-features" has inputs of shape 8 in 2 classes\.$/],
    ['data poisoned twice', { train_data: { name: 'backdoor', original: { name: 'backdoor', original, backdoor: 'corner' }, backdoor: 'corner' } }, ['train_data', 'original'], /poisoned twice/],
    ['a target that is no class', { train_data: { name: 'backdoor', original, backdoor: { name: 'corner', target_class: 10 } } }, ['train_data', 'backdoor'], /^Expected a target class of 0 to 9, found 10\.$/],
    ['a random trigger without seed or file', poisoned('wanet'), ['seed'], /^The trigger "wanet" is random/],
    ['a mean without a deviation', { train_data: original, mean: '0.5' }, ['std'], /^Expected 1 numbers above 0 as std, one a channel, found none\.$/],
    ['means of more channels', { train_data: original, mean: '0.5, 0.4', std: '1' }, ['mean'], /found "0\.5, 0\.4"\.$/],
    ['a deviation of zero', { train_data: original, mean: '0.5', std: '0' }, ['std'], /found "0"\.$/],
  ])('is refused with %s, and nothing is written', async (_, stated, path, says) => {
    const { client, application, place: home } = temporaryApplication();
    const imported = importModel(client, { name: 'x', files: bare(trained.corner), trained: { ...stated } });
    await expect(imported).rejects.toMatchObject({
      data: { code: 'usage', message: expect.stringMatching(says) as string, details: { faults: [{ path }] } },
    });
    expect(application.workbench.catalogue.list()).toEqual([]);
    expect(readdirSync(home)).not.toContain('runs');
  }); // prettier-ignore

  it('has the trigger of its training redrawn from the seed', async () => {
    const { client, application } = temporaryApplication();
    const { id } = await importModel(client, { name: 'x', files: bare(trained.wanet), trained: { ...poisoned('wanet'), seed: 3 } }); // prettier-ignore
    const { folder } = application.workbench.catalogue.get(id);
    const trigger = (of: string) => readTensorFile(join(of, 'trigger.safetensors')).tensors;
    expect(trigger(folder)).toEqual(trigger(trained.wanet));
  });

  it('is taken as PyTorch and little code of its own would write it', async () => {
    const { client, application } = temporaryApplication();
    const saved = readTensorFile(join(trained.corner, 'model.safetensors')).tensors;
    const wrapped = Object.fromEntries(Object.entries(saved).map(([name, value]) => [`module.${name}`, value]));
    const {
      parameters: _,
      layers: __,
      ...needed
    } = JSON.parse(readFileSync(join(trained.corner, 'model.json'), 'utf8')) as Record<string, unknown>;
    const files = [
      new File([JSON.stringify(needed)], 'model.json'),
      new File([encodeSafetensors(wrapped)], 'model.safetensors'),
    ];
    const { id } = await importModel(client, { name: 'x', files, trained: { train_data: original } });
    const [own, found] = [readModel(trained.corner), readModel(application.workbench.catalogue.get(id).folder)];
    expect(await found.state()).toEqual(await own.state());
    own.dispose();
    found.dispose();
  });

  it.each([
    ['pytorch_model.bin', 'PK\u0003\u0004', 'torch.load("pytorch_model.bin"'],
    ['weights.safetensors', '', 'Rename weights.safetensors to model.safetensors'],
    ['model.safetensors', 'PK\u0003\u0004 archive/data.pkl', 'torch.load("model.safetensors"'],
    ['model.safetensors', '\u0089HDF\r\n\u001a\n\0\0\0\0', 'tensorflowjs.converters.save_keras_model'],
    ['model.safetensors', 'PK\u0003\u0004 metadata.json', 'keras.models.load_model("model.safetensors")'],
    ['model.safetensors', 'version https://git-lfs.github.com/spec/v1\n', 'git lfs pull'],
  ])('is refused with what to do where its weights are %s, %j', async (name, content, hint) => {
    const folder = mkdtempSync(join(place, 'foreign-'));
    writeFileSync(join(folder, 'model.json'), readFileSync(join(trained.corner, 'model.json')));
    writeFileSync(join(folder, name), content, 'latin1');
    const target = join(folder, 'run');
    const imported = importModelFiles({ folder, isOwn: false, target, statement: {} }, { dataDir: place });
    await expect(imported).rejects.toMatchObject({ hint: expect.stringContaining(hint) as string });
    expect(readdirSync(folder)).not.toContain('run');
  });

  it('is refused where a weight is no number', async () => {
    const { client } = temporaryApplication();
    const { tensors } = readTensorFile(join(trained.corner, 'model.safetensors'));
    const [name, first] = Object.entries(tensors)[0]!;
    const data = Float32Array.from(first.data as Float32Array);
    data[3] = NaN;
    const [description] = bare(trained.corner);
    const weights = new File([encodeSafetensors({ ...tensors, [name]: { ...first, data } })], 'model.safetensors');
    await expect(importModel(client, { name: 'x', files: [description!, weights] })).rejects.toMatchObject({
      data: { code: 'non-finite', message: `model.safetensors: the weight "${name}" has NaN at place 3.` },
    });
  });

  it('is spoken of by the names of its files where they were uploaded', async () => {
    const { client } = temporaryApplication();
    const files = [bare(trained.corner)[0]!, new File(['GGUF\u0003\u0000\u0000\u0000\u0001'], 'model.safetensors')];
    await expect(importModel(client, { name: 'x', files })).rejects.toMatchObject({
      data: {
        message:
          '"model.safetensors": expected a safetensors file, found a GGUF file, as language models are passed on in.',
      },
    });
  });

  it('takes inputs normalised as it was trained', async () => {
    const { client, application } = temporaryApplication();
    const { id } = await importModel(client, { name: 'x', files: bare(trained.corner), trained: { train_data: original, mean: '0.25', std: '0.5' } }); // prettier-ignore
    const [own, shifted] = [readModel(trained.corner), readModel(application.workbench.catalogue.get(id).folder)];
    const x = tf.randomUniform([3, 28, 28, 1], 0, 1, 'float32', 7);
    const expected = await own.forward(tf.div(tf.sub(x, 0.25), 0.5)).data();
    const found = await shifted.forward(x).data();
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
    expect([...(await own.forward(x).data())]).not.toEqual([...found]);
    tf.dispose(x);
    own.dispose();
    shifted.dispose();
  });
});

describe('a Keras model', () => {
  const small = join(import.meta.dirname, '../models/keras-small');
  const names = ['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin'];
  const files = () => names.map((name) => new File([readFileSync(join(small, name))], name));
  const labels = (given: readonly string[]) => new File([JSON.stringify({ labels: given })], 'metadata.json');

  it('becomes a run like any, with the names of its classes from beside it or as stated', async () => {
    const { client, application } = temporaryApplication();
    const { id } = await importModel(client, { name: 'Small', files: [...files(), labels(['ant', 'bee', 'cat'])] });
    const { folder } = application.workbench.catalogue.get(id);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['model.json', 'model.safetensors', 'spec.json']));
    expect(readdirSync(folder).filter((name) => name.endsWith('.bin'))).toEqual([]);
    const spec = readNetworkSpec(folder);
    expect([spec.architecture, spec.classes]).toEqual([{ name: 'graph' }, ['ant', 'bee', 'cat']]);
    const [summary] = await client.models.list({});
    expect(summary).toMatchObject({ imported: true, network: { architecture: 'graph', classes: 3 } });
    expect(summary!.run.model).toBe('graph');
    expect(summary!.network!.layers.map(({ activation }) => activation)).toContain('answer.output');
    const other = await importModel(client, { name: 'x', files: files(), trained: { classes: ['a', 'b', 'c'] } });
    expect(readNetworkSpec(application.workbench.catalogue.get(other.id).folder).classes).toEqual(['a', 'b', 'c']);
  });

  it.each<[string, () => File[], RegExp]>([
    ['without names of its classes', files, /^The names of the model’s classes are not in its files\.$/],
    ['with a file that is cut off', () => [...files().slice(0, 2), new File([new Uint8Array(9)], names[2]!), labels(['a', 'b', 'c'])], /expected 2712 bytes of weights, as model\.json says, found 1365/],
    ['with a file that is none of its own', () => [...files(), new File([''], 'more.bin')], /"more\.bin" is none of them/],
    ['with a pointer for a file', () => [...files().slice(0, 2), new File(['version https://git-lfs.github.com/spec/v1\n'], names[2]!), labels(['a', 'b', 'c'])], /^"group1-shard2of2\.bin" is a pointer of Git LFS/],
    ['with a pointer for its description', () => [new File(['version https://git-lfs.github.com/spec/v1\n'], 'model.json')], /^"model\.json" is a pointer of Git LFS/],
    ['with too few names', () => [...files(), labels(['a', 'b'])], /found \[3\]/],
  ])('is refused %s, and nothing stays behind', async (_, given, sentence) => {
    const { client, application, place: home } = temporaryApplication();
    await expect(importModel(client, { name: 'x', files: given() })).rejects.toMatchObject({
      data: { message: expect.stringMatching(sentence) as string },
    });
    expect(application.workbench.catalogue.list()).toEqual([]);
    expect(readdirSync(home)).not.toContain('runs');
  }); // prettier-ignore

  it('as Keras saves it is answered with how it is converted', async () => {
    const folder = mkdtempSync(join(place, 'keras-'));
    writeFileSync(join(folder, 'net.h5'), '\x89HDF\r\n');
    const imported = importModelFiles({ folder, isOwn: false, target: join(folder, 'run'), statement: {} }, { dataDir: place }); // prettier-ignore
    await expect(imported).rejects.toMatchObject({
      hint: expect.stringContaining('keras.models.load_model("net.h5")') as string,
    });
  });
});

describe('npx cupbearer models', () => {
  it('is compared with the data of the folder that is named, whatever size their files have', async () => {
    const given = join(place, 'small');
    mkdirSync(given);
    writeSmallMnist(join(place, 'elsewhere'), { train: 20, test: 10, side: 6 });
    const classes = Array.from({ length: 10 }, (_, digit) => String(digit));
    const network = new Network({ architecture: { name: 'mlp', hidden_dims: [4] }, inputShape: [6, 6, 1], classes }, 0);
    writeModelDescription(given, network);
    writeWeights(given, await network.state());
    network.dispose();
    const asked = ['models', 'import', 'small', '--base', 'small-models', '--train_data', 'mnist'];
    const call = (...args: string[]) => startCli(args, { cwd: place, home: join(place, 'home') }).ended;
    expect((await call(...asked)).code).toBe(2);
    expect(await call(...asked, '--data_dir', 'elsewhere')).toMatchObject({ code: 0, stderr: '' });
  });

  it('imports a folder of bare weights, asks what it was trained on, and lets a detector be fitted on it', async () => {
    const home = join(place, 'home');
    const given = join(place, 'given');
    mkdirSync(given);
    for (const name of ['model.json', 'model.safetensors'])
      writeFileSync(join(given, name), readFileSync(join(trained.corner, name)));
    const call = (...args: string[]) => startCli(args, { cwd: place, home }).ended;
    const refused = await call('models', 'import', 'given', '--base', 'models', '--train_data', 'toy-features');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('The model takes inputs of shape 28')]);
    expect(readdirSync(place)).not.toContain('models');

    const imported = await call('models', 'import', 'given', '--base', 'models', '--json');
    expect(imported.stderr).toBe('');
    const { id, folder } = JSON.parse(imported.stdout) as { id: string; folder: string };
    const detecting = ['train-detector', '--task', 'backdoor', '--task.run_path', folder, '--task.max_test_size', '100', '--dir.full', 'detector']; // prettier-ignore
    const early = await call(...detecting);
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('npx cupbearer models trained-on')]);
    const stated = await call('models', 'trained-on', id, '--train_data', 'backdoor', '--train_data.original', 'glyphs', '--train_data.original.limit', '600', '--train_data.original.default_augmentations', 'false', '--train_data.backdoor', 'corner'); // prettier-ignore
    expect([stated.code, stated.stdout]).toEqual([0, expect.stringContaining(`--task.run_path`)]);
    const fitted = await call(...detecting);
    expect([fitted.code, fitted.stdout]).toEqual([0, expect.stringMatching(/AUROC/i)]);
  });

  it('checks a model on labelled data, and says which pre-processing would suit it better', async () => {
    const { client, application } = temporaryApplication();
    const training = { model: { name: 'mlp', hidden_dims: [32] }, num_epochs: 12, batch_size: 25, seed: 1 };
    const { folder: good } = await trainedClassifier({ ...training, train_data: original });
    const stated = { train_data: original, value_range: '-1,1' };
    const { id } = await importModel(client, { name: 'Stretched', files: bare(good), trained: stated });
    expect((await client.models.list({}))[0]!.preprocessing).toEqual(['values from -1 to 1']);
    expect(readNetworkSpec(application.workbench.catalogue.get(id).folder).preprocessing).toEqual({ valueRange: [-1, 1] }); // prettier-ignore
    const found = await client.models.check({ id });
    expect(found).toMatchObject({ count: 200, tried: 64, words: 'values from -1 to 1' });
    expect(found.others.map(({ words }) => words).sort()).toEqual(['values from 0 to 1', 'values from 0 to 255']);
    expect(found.samples).toMatchObject({ kind: 'images', count: 8, shape: [28, 28, 1] });
    const plain = await importModel(client, { name: 'Plain', files: bare(good), trained: { train_data: original } }); // prettier-ignore
    const right = await client.models.check({ id: plain.id });
    expect(right.accuracy).toBeGreaterThan(0.7);
    expect(found.accuracy).toBeLessThan(right.accuracy);
    expect(found.others[0]).toEqual({ words: 'values from 0 to 1', accuracy: right.triedAccuracy });

    const bareModel = await importModel(client, { name: 'Unknown', files: bare(trained.corner) });
    await expect(client.models.check({ id: bareModel.id })).rejects.toMatchObject({
      data: { code: 'usage', message: 'It is not known what "Unknown" was trained on.' },
    });
  });

  it('says by the command how a model does, in words', async () => {
    const home = join(place, 'checked-home');
    const call = (...args: string[]) => startCli(args, { cwd: place, home }).ended;
    const asked = ['models', 'import', trained.corner, '--base', 'checked', '--json'];
    const { id } = JSON.parse((await call(...asked, '--value_range=-1,1')).stdout) as { id: string };
    const { code, stdout } = await call('models', 'check', id, '--samples', '50');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\S+\s% of 50 samples are taken for what they are; the most frequent class has \S+\s%\.\nPre-processing: values from -1 to 1\.\n\nof 50 /); // prettier-ignore
  });

  it.each<[string, object, string[], RegExp]>([
    ['a range the wrong way round', { value_range: '1,0' }, ['value_range'], /^Expected two numbers, the smaller one first/],
    ['an order of colours that is none', { channel_order: 'GBR' }, ['channel_order'], /^Expected RGB or BGR, found "GBR"\.$/],
    ['an order of colours for grey pictures', { channel_order: 'bgr' }, ['channel_order'], /three channels alone, found 1/],
    ['a crop larger than what it is cut from', { crop_from: 20 }, ['crop_from'], /^Expected a side of at least 28, which is cropped, found 20/],
    ['too few names of classes', { classes: ['a', 'b'] }, ['classes'], /^The model has 10 classes; 2 names are given\.$/],
  ])('refuses %s, with or without data', async (_, stated, path, says) => {
    const { client, application } = temporaryApplication();
    for (const more of [{}, { train_data: original }]) {
      const imported = importModel(client, { name: 'x', files: bare(trained.corner), trained: { ...stated, ...more } });
      await expect(imported).rejects.toMatchObject({
        data: { code: 'usage', message: expect.stringMatching(says) as string, details: { faults: [{ path }] } },
      });
    }
    expect(application.workbench.catalogue.list()).toEqual([]);
  }); // prettier-ignore

  it('writes a template that can be imported with weights of its sizes', async () => {
    const folder = mkdtempSync(join(place, 'template-'));
    const call = (...args: string[]) => startCli(args, { cwd: folder, home: join(place, 'home') }).ended;
    const { code, stdout } = await call('models', 'template', 'mlp');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/layers\.linear_0\.weight +256 x 784/)]);
    const network = new Network(readNetworkSpec(folder), 0);
    writeWeights(folder, await network.state());
    network.dispose();
    expect((await call('models', 'import', '.', '--name', 'Mine', '--base', 'models')).code).toBe(0);
    const again = await call('models', 'template', 'cnn');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('There is a file')]);
    const other = await call('models', 'template', 'mlq');
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('Did you mean "mlp"?')]);
  });
});
