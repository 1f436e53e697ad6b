import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unpackArrays } from '../../shared/domain/arrays.ts';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import { createApplication, type RunningApplication } from '../../main/api/create-application.ts';
import { createRouter } from '../../main/api/router.ts';
import { draftDetectorSpecs, draftClassifierSpec } from '../../main/runs/drafts/draft-specs.ts';
import { forkProcess } from '../../main/jobs/child-process.ts';

let place: string;
let application: RunningApplication;
const client = () => createRouterClient(createRouter(application));

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-drafts-'));
  process.env['CUPBEARER_HOME'] = join(place, 'home');
  process.env['CUPBEARER_DATA'] = join(place, 'data');
  application = createApplication({ host: { kind: 'web', launch: forkProcess } });
});
afterAll(async () => {
  await application.close();
  delete process.env['CUPBEARER_DATA'];
  rmSync(place, { recursive: true, force: true, maxRetries: 3 });
});

const small = { name: 'glyphs', limit: 200 };
const draft = (more: Partial<ExperimentDraft> = {}): ExperimentDraft => ({
  preset: '',
  classifier: {
    source: 'train',
    params: {
      train_data: { name: 'backdoor', original: small, backdoor: 'corner' },
      model: { name: 'mlp', hidden_dims: [8] },
      num_epochs: 1,
    },
  },
  task: { name: 'backdoor', max_test_size: 40 },
  detectors: [{ name: 'mahalanobis' }],
  evaluation: { analysis: false },
  engine: 'auto',
  tags: ['small'],
  ...more,
});
const training = (params: object) => ({
  classifier: { source: 'train' as const, params: { ...(draft().classifier as { params: object }).params, ...params } },
});
const poisoned = (backdoor: object, original: object = small) =>
  training({ train_data: { name: 'backdoor', original, backdoor } });
const faultsOf = async (of: ExperimentDraft) => (await client().drafts.check({ draft: of })).faults;

describe('definitions', () => {
  it('travel as JSON with all that a form needs, and refer only to kinds that are there', async () => {
    const registries = await client().drafts.definitions({});
    expect(JSON.parse(JSON.stringify(registries))).toEqual(registries);
    const kinds = registries.map(({ kind }) => kind);
    expect(kinds).toEqual(['dataset', 'trigger', 'model', 'optimizer', 'task', 'detector', 'experiment', 'statement']);
    const fields = registries.flatMap(({ definitions }) => definitions.flatMap((definition) => definition.fields));
    for (const { registry } of fields) if (registry !== undefined) expect(kinds).toContain(registry);
    const trigger = registries[4]!.definitions
      .find(({ id }) => id === 'backdoor')!
      .fields.find(({ key }) => key === 'backdoor');
    expect(trigger).toMatchObject({
      type: 'pick',
      registry: 'trigger',
      omit: ['p_backdoor', 'p_noise'],
      required: false,
    });
  });
});

describe('presets', () => {
  it('have no fault but data that are to be downloaded or a detector that is to be chosen, and run at once otherwise', async () => {
    const presets = await client().drafts.presets({});
    expect(presets.map(({ id }) => id)).toContain('first-example');
    for (const preset of presets) {
      const faults = await faultsOf(preset.draft);
      if (preset.id === 'from-files')
        expect(faults.map(({ path }) => path.join('/'))).toEqual(['task/trusted', 'task/test']);
      else if (preset.id === 'blank') expect(faults.map(({ path }) => path)).toEqual([['detectors']]);
      else if (preset.missingData.length > 0) {
        expect(preset.missingData).toEqual(['mnist']);
        expect(faults).toEqual([
          {
            path: ['classifier', 'params', 'train_data', 'original'],
            step: 'task',
            label: 'Original',
            message: 'MNIST is not on this machine: 11.6\u00a0MB to download.',
          },
        ]);
      } else expect(faults, preset.id).toEqual([]);
    }
  });
});

describe('the check of a draft', () => {
  it('finds none in a sound one, and says what each step has chosen', async () => {
    const { faults, summaries, unsuited } = await client().drafts.check({ draft: draft() });
    expect(faults).toEqual([]);
    expect(Object.keys(unsuited)).toContain('spectral');
    expect(Object.keys(unsuited)).not.toContain('mahalanobis');
    expect(summaries).toEqual({
      task: 'Glyphs, corner pixel',
      model: 'mlp 8, train new',
      detectors: 'mahalanobis',
      evaluation: '40 test samples',
      review: '2 runs',
    });
  });

  const below = (...keys: string[]) => ['classifier', 'params', ...keys];
  it.each<[string, Partial<ExperimentDraft>, string[], string, string]>([
    [
      'a class that there is not',
      poisoned({ name: 'corner', target_class: 10 }),
      below('train_data', 'backdoor', 'target_class'),
      'task',
      'Must be 0 to 9: Glyphs has 10 classes.',
    ],
    [
      'a share beyond its range',
      poisoned({ name: 'corner', p_backdoor: 2 }),
      below('train_data', 'backdoor', 'p_backdoor'),
      'task',
      'Must be 0 to 100\u00a0%.',
    ],
    [
      'one wrong value in a list, told of at the list',
      training({ model: { name: 'mlp', hidden_dims: [8, 0] } }),
      below('model', 'hidden_dims'),
      'model',
      'Must be whole numbers of 1 to 65\u202f536.',
    ],
    [
      'a folder that is not there',
      training({ train_data: { name: 'image-folder', folder: 'no such folder' } }),
      below('train_data', 'folder'),
      'task',
      'There is no file or folder "no such folder" on this machine.',
    ],
    [
      'a word for a number',
      training({ num_epochs: 'many' }),
      below('num_epochs'),
      'model',
      'Must be a whole number of 1 to 100\u202f000.',
    ],
    ['an empty field', training({ batch_size: '' }), below('batch_size'), 'model', 'Must be filled in.'],
    ['no dataset', training({ train_data: undefined }), below('train_data'), 'task', 'Choose a dataset.'],
    [
      'poisoned data poisoned again',
      poisoned({ name: 'corner' }, { name: 'backdoor' }),
      below('train_data', 'original'),
      'task',
      'Must be data that is not poisoned itself.',
    ],
    [
      'a model that cannot take the data',
      training({ model: 'transformer' }),
      below('model'),
      'model',
      'A transformer needs texts, samples of shape [length] with a vocabulary; the data has shape 28 x 28 x 1 and no vocabulary.',
    ],
    [
      'a classifier that is gone',
      { classifier: { source: 'run', run: 'gone' } },
      ['classifier', 'run'],
      'model',
      'This classifier no longer exists.',
    ],
    [
      'no classifier',
      { classifier: { source: 'run', run: '' } },
      ['classifier', 'run'],
      'model',
      'Choose a trained classifier.',
    ],
    [
      'a task for other data',
      { task: { name: 'toy-features' } },
      ['task', 'name'],
      'task',
      'Expected a classifier trained on toy-features; the classifier of this experiment was trained on glyphs.',
    ],
    [
      'no trigger at all',
      training({ train_data: small }),
      ['task', 'backdoor'],
      'task',
      'The classifier of this experiment was trained without a trigger, so the task must name one. Choose one by “Trigger”, for example corner.',
    ],
    [
      'a change that is the trigger',
      { task: { name: 'ood', change: { name: 'corner' } } },
      ['task', 'change'],
      'task',
      'Expected a harmless change other than the trigger, found "corner" for both. Choose another by “Harmless change”, for example noise or wanet.',
    ],
    [
      'test data of one kind',
      { task: { name: 'backdoor', clean_test_weight: 1 } },
      ['task', 'clean_test_weight'],
      'evaluation',
      'The test data needs both clean and anomalous samples; a clean share of 1 leaves none that are anomalous. Change “Clean test share”.',
    ],
    ['no detector', { detectors: [] }, ['detectors'], 'detectors', 'Choose at least one detector.'],
    [
      'no untrusted data',
      { detectors: [{ name: 'spectral' }] },
      ['detectors', '0', 'name'],
      'detectors',
      'Spectral signatures needs untrusted data, which this task does not offer. Lower “Trusted fraction”: the rest is untrusted data.',
    ],
    [
      'no labels',
      { task: { name: 'backdoor', trusted_fraction: 0.5 }, detectors: [{ name: 'supervised-probe' }] },
      ['detectors', '0', 'name'],
      'detectors',
      'Supervised probe (skyline) needs untrusted data that is labelled clean or anomalous, which this task does not offer. Set “Labelled untrusted data”: only skylines may know.',
    ],
    [
      'a layer that there is not',
      { detectors: [{ name: 'mahalanobis', layers: ['layers.linear_7.output'] }] },
      ['detectors', '0', 'layers'],
      'detectors',
      'Unknown layer "layers.linear_7.output". Did you mean "layers.linear_0.output"? Known: flatten.input, flatten.output, layers.input, layers.output, layers.linear_0.input, layers.linear_0.output, layers.relu_0.input, layers.relu_0.output, layers.linear_1.input, layers.linear_1.output.',
    ],
    [
      'too few layers',
      { detectors: [{ name: 'ted', layers: ['layers.linear_0.output'] }] },
      ['detectors', '0', 'layers'],
      'detectors',
      'The detector "ted" needs at least 2 layers, and 1 was chosen. Name more in “Layers”.',
    ],
    [
      'layers for a method without',
      { detectors: [{ name: 'energy', layers: ['layers.linear_0.output'] }] },
      ['detectors', '0', 'layers'],
      'detectors',
      'The detector "energy" looks at the network\'s output, not at activations; layers were given: layers.linear_0.output. Leave out “Layers”.',
    ],
    ['an engine that there is not', { engine: 'abacus' }, ['engine'], 'review', 'There is no engine "abacus".'],
  ])('finds %s', async (_, more, path, step, message) => {
    const faults = await faultsOf(draft(more));
    expect(faults).toContainEqual(expect.objectContaining({ path, step, message }));
  });

  it('looks at every value of a sweep, and refuses to sweep what is no number or choice', async () => {
    const swept = (detector: object) => ({ detectors: [{ name: 'knn', ...detector }] });
    const only = async (more: Partial<ExperimentDraft>) => (await faultsOf(draft(more))).map(({ path, message }) => [path.join('.'), message]); // prettier-ignore
    expect(await only(swept({ k: { sweep: [3, 5] } }))).toEqual([]);
    expect(await only(swept({ k: { sweep: [3, 0] } }))).toEqual([['detectors.0.k', expect.stringMatching(/^0: Must be a whole number/)]]); // prettier-ignore
    expect(await only(swept({ k: { sweep: [] } }))).toEqual([['detectors.0.k', 'Needs at least one value.']]);
    expect(await only(swept({ k: { sweep: [3, 3] } }))).toEqual([['detectors.0.k', 'Has the same value twice.']]);
    expect(await only({ task: { name: 'backdoor', seed: { sweep: [0, 1] } } })).toEqual([['task.seed', expect.stringContaining('only numbers and choices')]]); // prettier-ignore
    const folder = { train_data: { name: 'image-folder', folder: { sweep: ['a', 'b'] } } };
    expect(await only(training(folder))).toContainEqual(['classifier.params.train_data.folder', expect.stringContaining('only numbers and choices')]); // prettier-ignore
    // Whatever stands beside the open task.
    const otherTasks = [{ data: small, task: { name: 'adversarial-examples' } }];
    expect(await only({ ...swept({ k: { sweep: [3, 0] } }), otherTasks })).toHaveLength(1);
  });

  it('finds what is wrong with tasks and models that are not open, and holds nothing against a detector that suits one', async () => {
    const otherTasks = [
      { data: { name: 'backdoor', original: small, backdoor: { name: 'corner', target_class: 10 } }, task: { name: 'backdoor', max_test_size: 40 } },
      { data: (draft().classifier as { params: Record<string, unknown> }).params['train_data'], task: { name: 'backdoor', max_test_size: 40, trusted_fraction: 0.5 } },
    ]; // prettier-ignore
    const otherClassifiers = [{ source: 'run' as const, run: 'gone' }];
    const detectors = [{ name: 'spectral' }, { name: 'supervised-probe' }];
    const check = await client().drafts.check({
      draft: draft({ otherTasks, otherClassifiers, detectors, taskPlace: 1 }),
    });
    expect(check.faults.map(({ path, step }) => [path.join('.'), step])).toEqual([
      ['detectors.1.name', 'detectors'],
      ['otherTasks.0', 'task'],
      ['otherClassifiers.1', 'model'],
    ]);
    expect(check.tasks).toEqual(['Corner pixel 10', 'Corner pixel', 'Corner pixel 0.5']);
    expect(check.unsuited['spectral']).toMatchObject({
      tasks: [0, 1],
      lack: '2 of 3 tasks have no untrusted data.',
      mends: [{ path: ['trusted_fraction'], value: 0.8, label: 'Trusted fraction', written: '80\u00a0%' }],
    });
  });

  it('is what holds a start back', async () => {
    await expect(client().drafts.start({ draft: draft({ detectors: [] }) })).rejects.toMatchObject({
      data: { code: 'usage', message: 'Choose at least one detector.' },
    });
    expect(application.workbench.catalogue.list()).toEqual([]);
  });
});

describe('looking around', () => {
  it('previews, draws the network, and reviews what would be done', async () => {
    const { samples } = await client().drafts.preview({ draft: draft(), draw: 1, count: 3 });
    if (samples.kind !== 'images') throw new Error(samples.kind);
    const { clean, changed } = await unpackArrays(samples.arrays);
    expect([clean!.length, changed![0]]).toEqual([3 * 784, 1]);
    const network = await client().drafts.network({ draft: draft() });
    expect(network).toMatchObject({ architecture: 'mlp', parameters: 784 * 8 + 8 + 8 * 10 + 10, classes: 10 });
    const { runs } = await client().drafts.review({ draft: draft() });
    expect(runs.map(({ kind }) => kind)).toEqual(['classifier', 'detector']);
    // The trigger is named, although the task leaves it to the classifier.
    expect(runs.map(({ title }) => title)).toEqual([
      'mlp on glyphs, corner pixel trigger',
      'mahalanobis: Backdoor, corner pixel, Glyphs',
    ]);
    const lines = Object.fromEntries(runs[0]!.lines.map(({ label, value }) => [label, value]));
    expect(lines).toMatchObject({ Corner: 'Top left', 'Poisoned share': '5\u00a0%', 'All-to-all': 'No', Epochs: '1' });
    expect(runs[1]!.spec['task']).toMatchObject({ name: 'backdoor', run_path: runs[0]!.folder });
    expect(runs[0]!.command).toContain('--train_data.original.limit 200');
    expect(runs[1]!.files.find(({ name }) => name === 'scores/*.npy')).toMatchObject({ bytes: 40 * (4 * 3 + 5) });
    const preview = await client().datasets.preview({ name: 'glyphs', draw: 0, count: 5 });
    expect(preview.counts!.train.reduce((sum, count) => sum + count, 0)).toBe(12_000);
  });
});

describe('a draft that is started', () => {
  it('trains, then fits, and can be had back from its runs', async () => {
    const own = draft();
    const { ids } = await client().drafts.start({ draft: own });
    expect(ids).toHaveLength(2);
    await application.queued.ended(ids[1]!);
    const { catalogue } = application.workbench;
    const [classifier, detector] = ids.map((id) => catalogue.get(id));
    expect([classifier!.status, detector!.status, detector!.tags]).toEqual(['done', 'done', ['small']]);
    expect(detector!.parents).toEqual([classifier!.id]);

    const again = await client().drafts.fromRun({ id: detector!.id });
    expect(again.classifier).toEqual({ source: 'run', run: classifier!.id });
    expect(await faultsOf(again)).toEqual([]);
    const classifierFolder = classifier!.folder;
    expect(draftDetectorSpecs({ draft: again, classifierFolder }).map(({ params }) => params)).toEqual([
      detector!.spec,
    ]);
    const training = await client().drafts.fromRun({ id: classifier!.id });
    expect(draftClassifierSpec(training).params).toEqual(classifier!.spec);

    const samples = await client().runs.samples({ id: detector!.id, positions: [0, 39] });
    expect(samples).toMatchObject({ kind: 'images', count: 2, changedLabels: null });
  });

  it('has the specs of its presets come back from their runs', async () => {
    const { catalogue } = application.workbench;
    for (const preset of await client().drafts.presets({})) {
      if (preset.missingData.length > 0 || ['from-files', 'blank'].includes(preset.id)) continue;
      for (const detector of preset.draft.detectors) {
        const own = { ...preset.draft, detectors: [detector] };
        const { runs } = await client().drafts.review({ draft: own });
        const { ids } = await client().drafts.start({ draft: own });
        await application.queued.cancel(ids);
        await Promise.all(ids.map((id) => application.queued.ended(id)));
        const [first, second] = ids.map((id) => catalogue.get(id));
        expect(first!.spec).toEqual(runs[0]!.spec);
        const again = await client().drafts.fromRun({ id: first!.id });
        expect(draftClassifierSpec(again).params).toEqual(first!.spec);
        const fitted = await client().drafts.fromRun({ id: second!.id });
        const [spec] = draftDetectorSpecs({ draft: fitted, classifierFolder: first!.folder });
        expect(spec!.params).toEqual(second!.spec);
      }
    }
  });
});

describe('the stored draft', () => {
  it('is kept, replaced and forgotten, and a damaged file is none', async () => {
    const { drafts } = client();
    expect(await drafts.storedDraft({})).toBeNull();
    await drafts.storeDraft({ draft: draft() });
    expect(await drafts.storedDraft({})).toEqual(draft());
    const { path, notices } = application.storedDraft;
    for (const damaged of ['{"preset": ', '{"preset": 3}']) {
      writeFileSync(path, damaged);
      expect(await drafts.storedDraft({})).toBeNull();
    }
    expect(notices).toHaveLength(2);
    await drafts.storeDraft({ draft: null });
    expect(await drafts.storedDraft({})).toBeNull();
    rmSync(path, { force: true });
    mkdirSync(path);
    await expect(drafts.storeDraft({ draft: draft() })).rejects.toMatchObject({ data: { code: 'storage' } });
    rmSync(path, { recursive: true });
  });
});
