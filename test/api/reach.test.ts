import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import type { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApplication, type RunningApplication } from '../../main/api/create-application.ts';
import { createRouter } from '../../main/api/router.ts';
import { SettingsStore } from '../../main/api/settings.ts';
import { forkProcess } from '../../main/jobs/child-process.ts';
import { contract } from '../../shared/contract.ts';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import { partsOf, placeOf } from '../../shared/schema/places.ts';
import { imported, importModel } from './imports.ts';
import { picturesOfPets } from '../e2e/pictures.ts';
import type { Client } from '../hosts/web-client.ts';
import { smallTraining } from './running-application.ts';
import { enqueueOn } from './run-on.ts';

/** Folders of the tests: `root` is what pages may reach, `outside` is not. */
let place: string;
let settings: SettingsStore;
let application: RunningApplication;
let client: Client;
/** A run of before whose folder is outside, on pictures inside, and one whose pictures are outside. */
let known: { inside: string; outside: string };
/** Where pictures are that pages may not reach, by what keeps them. */
const forbidden: Record<string, string> = {};
let allowed: string;

const at = (...names: string[]) => join(place, ...names);

/** All that is there but for the records of processes, which come and go with what earlier tests have asked for. */
function filesOfAll(): string[] {
  const records = join('home', 'processes');
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith(records))
    .sort();
}

function open(root?: string): RunningApplication {
  return createApplication({
    host: { kind: 'web', launch: forkProcess },
    catalogueFile: at('home', 'catalogue.sqlite'),
    settings,
    root,
  });
}

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-reach-'));
  settings = new SettingsStore(at('home', 'settings.json'));
  settings.change({ runsDir: at('runs'), dataDir: at('data') });
  for (const folder of ['root/.hidden', 'outside', 'empty', 'runs']) mkdirSync(at(folder), { recursive: true });
  allowed = picturesOfPets(at('root'));
  cpSync(allowed, at('outside', 'pets'), { recursive: true });
  cpSync(allowed, at('root', '.hidden', 'pets'), { recursive: true });
  symlinkSync(at('outside'), at('root', 'link'));
  symlinkSync(at('outside', 'not-yet'), at('root', 'dangling'));
  Object.assign(forbidden, {
    'a folder outside': at('outside', 'pets'),
    'one that does not exist': at('outside', 'none'),
    'one behind a link': at('root', 'link', 'pets'),
    'one behind a link to nothing': at('root', 'dangling', 'pets'),
    'one up from the root': `${at('root')}/../outside/pets`,
    'a hidden one': at('root', '.hidden', 'pets'),
    'the root of the disk': '/',
  });
  const unbounded = open();
  const ids = ['root', 'outside'].map((where) => {
    const params = { ...smallTraining, train_data: pictures(at(where, 'pets')), num_epochs: 1 };
    const folder = at('outside', `run-on-${where}`);
    return enqueueOn(unbounded.queued, [{ experiment: 'train-classifier', params, folder }])[0]!.id;
  });
  for (const id of ids) await unbounded.queued.ended(id);
  expect(unbounded.workbench.catalogue.list({ status: 'done' })).toHaveLength(2);
  known = { inside: ids[0]!, outside: ids[1]! };
  await unbounded.close();
  application = open(at('root'));
  client = createRouterClient(createRouter(application));
}, 120_000);

afterAll(async () => {
  await application.close();
  rmSync(place, { recursive: true, force: true, maxRetries: 3 });
});

const pictures = (folder: string) => ({ name: 'image-folder', folder, size: 16, limit: 16 });

function draftOn(train_data: object, more: Partial<ExperimentDraft> = {}): ExperimentDraft {
  return {
    preset: '',
    classifier: { source: 'train', params: { ...smallTraining, train_data } },
    task: { name: 'adversarial-examples' },
    detectors: [{ name: 'mahalanobis' }],
    evaluation: {},
    engine: 'auto',
    tags: [],
    ...more,
  };
}

const draftOnFiles = (test: string) =>
  draftOn(pictures(allowed), { task: { name: 'activations', trusted: allowed, test } });

/** The files of a trained model, with a spec that says other data. */
function modelFiles(train_data?: object): File[] {
  const folder = at('outside', 'run-on-root');
  const spec = JSON.parse(readFileSync(join(folder, 'spec.json'), 'utf8')) as { spec: object };
  return [
    ...['model.json', 'model.safetensors'].map((name) => new File([readFileSync(join(folder, name))], name)),
    ...(train_data ? [new File([JSON.stringify({ ...spec, spec: { ...spec.spec, train_data } })], 'spec.json')] : []),
  ];
}

/** All that calls take as text, "call: where in its input", and what it names. A part that is new here needs a decision. */
function namedInContract(): Map<string, string> {
  const plain = ['string', 'number', 'boolean', 'enum', 'literal', 'custom', 'unknown'];
  const found = new Map<string, string>();
  const visit = (call: string, schema: z.ZodType, where: string) => {
    const place = placeOf(schema);
    const parts = partsOf(schema);
    if (place !== undefined) found.set(`${call}: ${where}`, place);
    else if (schema.def.type === 'string') found.set(`${call}: ${where}`, 'text');
    else if (parts.length === 0 && schema.def.type !== 'object') expect(plain).toContain(schema.def.type);
    else for (const { key, part } of parts) visit(call, part, key === undefined ? where : `${where} ${key}`.trim());
  };
  for (const [group, calls] of Object.entries(contract)) {
    for (const [name, call] of Object.entries(calls))
      visit(`${group}.${name}`, (call as { '~orpc': { inputSchema: z.ZodType } })['~orpc'].inputSchema, '');
  }
  return found;
}

/** Calls that name places, each with one that it must not reach, and with one that it may. */
const callsWithPlaces: Record<string, (folder: string) => Promise<unknown>> = {
  'runs.takeUp: folder': (folder) => client.runs.takeUp({ folder }),
  'datasets.importFolder: folder': (folder) => imported(client.datasets.importFolder({ name: 'Pets', folder })),
  'app.change: dataDir': (dataDir) => client.app.change({ dataDir }),
  'app.change: runsDir': (runsDir) => client.app.change({ runsDir }),
  'drafts.preview: draft': (folder) => client.drafts.preview({ draft: draftOn(pictures(folder)), draw: 0, count: 1 }),
  'drafts.network: draft': (folder) => client.drafts.network({ draft: draftOn(pictures(folder)) }),
  'drafts.review: draft': (folder) => client.drafts.review({ draft: draftOn(pictures(folder)) }),
  'drafts.estimate: draft': (folder) => client.drafts.estimate({ draft: draftOn(pictures(folder)) }),
  // In a part that is not open.
  'drafts.plan: draft': (folder) =>
    client.drafts.plan({
      draft: draftOn(pictures(allowed), {
        otherTasks: [{ data: pictures(folder), task: { name: 'adversarial-examples' } }],
      }),
    }),
  'drafts.start: draft': (folder) => client.drafts.start({ draft: draftOn(pictures(folder)) }),
  'recorded.browse: folder': (folder) => client.recorded.browse({ folder }),
  'recorded.look: draft': (folder) =>
    client.recorded.look({ draft: draftOnFiles(folder), spare: [], draw: 0, count: 1 }),
  'recorded.look: spare []': (folder) =>
    client.recorded.look({ draft: draftOn(pictures(allowed)), spare: [folder], draw: 0, count: 1 }),
  'recorded.count: draft': async (folder) => {
    for await (const _ of await client.recorded.count({ draft: draftOnFiles(folder) }));
  },
  'plugins.add: folder': (folder) => client.plugins.add({ from: 'folder', folder }),
  'plugins.create: folder': (folder) =>
    client.plugins.create({ kind: 'detector', id: 'my-idea', language: 'typescript', folder }),
  'models.import: trained': (folder) =>
    importModel(client, { name: 'm', files: modelFiles(), trained: { train_data: pictures(folder) } }),
  'models.stateTraining: trained': (folder) =>
    client.models.stateTraining({ id: known.inside, trained: { train_data: pictures(folder) } }),
};

/** Calls that read the data of a run again. */
const callsOnRuns: Record<string, (id: string) => Promise<unknown>> = {
  'runs.samples: id': (id) => client.runs.samples({ id, positions: [0] }),
  'runs.sample: id': (id) => client.runs.sample({ id, position: 0 }),
  'runs.findSamples: id': (id) => client.runs.findSamples({ id, text: 'a' }),
  'runs.resume: id': (id) => client.runs.resume({ id }),
  'runs.repeat: id': (id) => client.runs.repeat({ id }),
  'drafts.fromRun: id': (id) => client.drafts.fromRun({ id }),
  'runs.tokens: id': (id) => client.runs.tokens({ id, position: 0 }),
  'runs.neighbours: id': (id) => client.runs.neighbours({ id, position: 0, layer: 'all', tokens: 'last' }),
  'runs.columns: id': (id) => client.runs.columns({ id }),
  'runs.columnValues: id': (id) => client.runs.columnValues({ id, column: 'text', positions: [0] }),
  'models.check: id': (id) => client.models.check({ id }),
};

const outOfReach = {
  code: 'FAILED',
  data: { code: 'usage', message: expect.stringContaining('may not reach') as string },
};

/** What a call fails with; undefined if it does not. */
const failure = (call: Promise<unknown>) => call.then(() => undefined, (error: unknown) => error); // prettier-ignore

describe('the contract', () => {
  it('says of every text in a call whether it names a place, and each that does is tried here', () => {
    const named = namedInContract();
    const places = [...named].filter(([, what]) => what !== 'text').map(([where]) => where);
    expect(places.sort()).toEqual([...Object.keys(callsWithPlaces), ...Object.keys(callsOnRuns)].sort());
    const texts = [...named].filter(([, what]) => what === 'text').map(([where]) => where);
    expect(texts.sort()).toEqual(
      [
        'app.change: engine',
        'app.change: hiddenColumns []',
        'app.change: runColumns',
        'app.change: runViews [] address',
        'app.change: runViews [] name',
        'app.change: savedFilters []',
        'app.chooseFolder: title',
        'app.openFolder: what id',
        'datasets.download: name',
        // A name for what is imported, which does not lead out of the data folder (datasets-calls.test.ts).
        'datasets.import: name',
        'datasets.import: upload',
        'datasets.importFolder: name',
        'datasets.preview: name',
        'drafts.fromExperiment: id',
        'engines.speedTest: engine',
        // A draft is looked at without the places that it must not name, and kept as it is (below).
        ...['check', 'storeDraft'].flatMap((call) =>
          [
            'classifier run',
            'detectors [] name',
            'engine',
            'extends',
            'fitted [] label',
            'fitted [] run',
            'layers []',
            'name',
            'otherClassifiers [] run',
            'otherTasks [] task name',
            'preset',
            'tags []',
            'task name',
          ].map((where) => `drafts.${call}: draft ${where}`),
        ),
        // Cells whose data are out of reach are refused when they begin, as runs in the queue are.
        'experiments.byLayer: id',
        'experiments.change: id',
        'experiments.change: name',
        'experiments.change: notes',
        'experiments.change: question',
        'experiments.change: tags []',
        'experiments.figure: baseline',
        'experiments.figure: id',
        'experiments.figure: layer',
        'experiments.first: id',
        'experiments.first: keys []',
        'experiments.forget: id',
        'experiments.lock: id',
        'experiments.pause: id',
        'experiments.remove: id',
        'experiments.report: baseline',
        'experiments.report: id',
        'experiments.report: layer',
        'experiments.resume: id',
        'experiments.start: cells [] detector',
        'experiments.start: cells [] task',
        'experiments.start: id',
        'experiments.startSuite: suite',
        'experiments.stop: id',
        'experiments.table: baseline',
        'experiments.table: id',
        'experiments.table: layer',
        'experiments.view: baseline',
        'experiments.view: id',
        'experiments.view: layer',
        'models.import: name',
        'models.import: upload',
        'models.stateTraining: id',
        // Plugins do not run in a server that has a root unless it says so. An interpreter must be one that was found; a
        // file lies in the folder of a plugin that was added.
        'plugins.add: upload',
        'plugins.add: url',
        'plugins.allow: hash',
        'plugins.allow: id',
        'plugins.allow: python',
        'plugins.changes: id',
        'plugins.check: id',
        'plugins.create: id',
        'plugins.environments: id',
        'plugins.openFolder: file',
        'plugins.openFolder: id',
        'plugins.remove: id',
        'plugins.setEnabled: id',
        'plugins.setEnvironment: id',
        'plugins.setEnvironment: python',
        'plugins.setLive: experiment',
        'plugins.setLive: id',
        // Ids of files that the program made, which are looked up.
        'app.printPdf: id',
        'app.printPdf: name',
        'files.drop: id',
        'files.part: id',
        'reports.make: notes',
        'reports.make: question',
        'reports.make: runs []',
        'reports.make: title',
        'runs.cancel: ids []',
        'runs.change: addTags []',
        'runs.change: ids []',
        'runs.change: notes',
        'runs.change: removeTags []',
        'runs.change: title',
        'runs.columnValues: column',
        'runs.compare: ids []',
        'runs.compare: score',
        'runs.findSamples: text',
        'runs.follow: id',
        'runs.get: id',
        'runs.neighbours: layer',
        'runs.plane: id',
        'runs.plane: layer',
        'runs.remove: ids []',
        'runs.restore: ids []',
        'runs.result: id',
        'runs.scores: id',
        'runs.values: ids []',
        'runs.values: paths []',
        'runs.waitingFor: ids []',
        'trash.delete: ids []',
        'trash.restore: ids []',
        // Places below a folder of the program's own, which names of files cannot leave (uploads.test.ts).
        'uploads.drop: id',
        'uploads.put: id',
        'uploads.put: pieces [] path',
      ].sort(),
    );
  });
});

describe.each(Object.keys(callsWithPlaces))('%s', (call) => {
  it.each([
    'a folder outside',
    'one that does not exist',
    'one behind a link',
    'one behind a link to nothing',
    'one up from the root',
    'a hidden one',
    'the root of the disk',
  ])('does not reach %s', async (what) => {
    // Runs that other tests have started write, too.
    const { queued } = application;
    await Promise.all(queued.live.map(({ id }) => queued.ended(id)));
    const before = filesOfAll();
    expect(await failure(callsWithPlaces[call]!(forbidden[what]!))).toMatchObject(outOfReach);
    expect(filesOfAll()).toEqual(before);
  });
});

describe.each(Object.keys(callsOnRuns))('%s', (call) => {
  it('does not reach data outside by what a run says of them', async () => {
    expect(await failure(callsOnRuns[call]!(known.outside))).toMatchObject(outOfReach);
  });

  it('reaches the data of a run inside, wherever the run itself is', async () => {
    expect(await failure(callsOnRuns[call]!(known.inside))).not.toMatchObject(outOfReach);
  });
});

describe('data inside', () => {
  const preview = (original: object) => {
    const data = { name: 'backdoor', original, backdoor: { name: 'corner' } };
    return client.drafts.preview({ draft: draftOn(data, { task: { name: 'backdoor' } }), draw: 0, count: 1 });
  };

  const notShown = { kind: 'none', reason: expect.stringContaining('may not reach') as string };

  it('do not lead outside by links among them', async () => {
    const linked = (name: string, target: string) => {
      mkdirSync(at('root', name));
      for (const half of ['train', 'test']) symlinkSync(target, at('root', name, half));
      return pictures(at('root', name));
    };
    expect((await preview(linked('links-out', at('outside', 'pets')))).samples).toMatchObject(notShown);
    expect((await preview(linked('links-hidden', at('root', '.hidden', 'pets')))).samples).toMatchObject(notShown);
    expect((await preview(linked('links-within', allowed))).samples).toMatchObject({ kind: 'images', count: 1 });
  });

  it('do not lead outside by links in the place of the files of a known data set', async () => {
    const names = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']; // prettier-ignore
    mkdirSync(at('root', 'mnist'));
    for (const name of names) {
      writeFileSync(at('outside', name), '');
      symlinkSync(at('outside', name), at('root', 'mnist', name));
    }
    const before = settings.current().dataDir;
    settings.change({ dataDir: at('root') });
    try {
      expect((await preview({ name: 'mnist' })).samples).toMatchObject(notShown);
    } finally {
      settings.change({ dataDir: before });
    }
  });

  it('of a run are not looked for in a folder outside that its spec.json names', async () => {
    const folder = at('root', 'shared-run');
    cpSync(at('outside', 'run-on-root'), folder, { recursive: true });
    for (const name of ['spec.json', 'run.json']) {
      const file = JSON.parse(readFileSync(join(folder, name), 'utf8')) as object;
      const own = name === 'run.json' ? { id: '20200101-000000-abcd', folder } : { data_dir: at('outside') };
      writeFileSync(join(folder, name), JSON.stringify({ ...file, ...own }));
    }
    const { added } = await client.runs.takeUp({ folder });
    expect(added).toEqual([folder]);
    const { id } = application.workbench.catalogue.byFolder(folder)!;
    for (const call of Object.values(callsOnRuns)) expect(await failure(call(id))).toMatchObject(outOfReach);
  });
});

describe('a draft', () => {
  const faultsOf = async (draft: ExperimentDraft) =>
    (await client.drafts.check({ draft })).faults.map(({ path, message }) => [path.join('.'), message] as const);
  const cannot = expect.stringContaining('may not reach') as string;

  it('has a fault where it names what is out of reach, the same whether it is there or not', async () => {
    const where = 'classifier.params.train_data.folder';
    const [there, missing] = await Promise.all(
      [at('outside', 'pets'), at('outside', 'none')].map((folder) => faultsOf(draftOn(pictures(folder)))),
    );
    expect(there).toContainEqual([where, cannot]);
    expect(missing!.map(([path, message]) => [path, message.replace('none', 'pets')])).toEqual(there);
  });

  it('has one for each place, in data, triggers, tasks and detectors', async () => {
    const faults = await faultsOf(
      draftOn(
        {
          name: 'backdoor',
          original: pictures(allowed),
          backdoor: { name: 'patch', picture: at('outside', 'pets', 'cats', '0.png') },
        },
        {
          task: { name: 'ood', data: pictures(at('root', 'link', 'pets')), run_path: at('outside') },
          detectors: [{ name: 'mahalanobis' }, { name: 'adversarial-abstraction', initial: at('outside', 'x') }],
        },
      ),
    );
    const outside = faults.filter(([, message]) => message.includes('may not reach')).map(([path]) => path);
    expect(outside.sort()).toEqual([
      'classifier.params.train_data.backdoor.picture',
      'detectors.1.initial',
      'task.data.folder',
      'task.run_path',
    ]);
  });

  it('has one for a classifier whose data are out of reach, and none for one whose folder alone is', async () => {
    const on = (run: string) => draftOn({}, { classifier: { source: 'run', run } });
    expect(await faultsOf(on(known.outside))).toContainEqual(['classifier.run', cannot]);
    expect((await faultsOf(on(known.inside))).filter(([path]) => path.startsWith('classifier'))).toEqual([]);
    const draft = on(known.outside);
    expect(await failure(client.drafts.preview({ draft, draw: 0, count: 1 }))).toMatchObject(outOfReach);
    expect(await failure(client.drafts.start({ draft }))).toMatchObject(outOfReach);
  });

  it('has one for a fitted detector whose data are out of reach', async () => {
    const { catalogue } = application.workbench;
    for (const [name, id] of Object.entries(known)) {
      const run = catalogue.get(id);
      const folder = at('runs', `fitted-${name}`);
      cpSync(run.folder, folder, { recursive: true });
      catalogue.insert({ ...run, id: `fitted-${name}`, kind: 'detector', folder });
    }
    const draft = draftOn({}, { fitted: [{ run: 'fitted-inside' }, { run: 'fitted-outside' }] });
    const faults = (await faultsOf(draft)).filter(([path]) => path.startsWith('fitted'));
    expect(faults).toEqual([['fitted.1.run', cannot]]);
    expect(await failure(client.drafts.start({ draft }))).toMatchObject(outOfReach);
    for (const name of Object.keys(known)) catalogue.forget(`fitted-${name}`);
  });

  it('names a run of the catalogue by its folder, which is checked as that run is', async () => {
    const poisoned = (run_path: string) => ({
      name: 'backdoor',
      original: pictures(allowed),
      backdoor: { name: 'label-consistent', run_path },
    });
    const [inside, outside] = [known.inside, known.outside].map((id) => application.workbench.catalogue.get(id).folder);
    expect((await faultsOf(draftOn(poisoned(inside!)))).map(([, message]) => message)).not.toContainEqual(cannot);
    expect(await faultsOf(draftOn(poisoned(outside!)))).toContainEqual([
      'classifier.params.train_data.backdoor.run_path',
      cannot,
    ]);
  });

  it('is kept whatever it names', async () => {
    const draft = draftOn(pictures(at('outside', 'pets')));
    expect(await failure(client.drafts.storeDraft({ draft }))).toBeUndefined();
    await client.drafts.storeDraft({ draft: null });
  });
});

describe('what comes with a model', () => {
  it('must not name data out of reach', async () => {
    const before = readdirSync(at('runs')).sort();
    const files = modelFiles(pictures(at('outside', 'pets')));
    expect(await failure(importModel(client, { name: 'm', files }))).toMatchObject(outOfReach);
    expect(readdirSync(at('runs')).sort()).toEqual(before);
  });
});

describe('a name', () => {
  it.each(['../../outside/pets', '..', '../../root/pets', 'a/b', '/etc'])('leads nowhere else: %s', async (name) => {
    expect(await failure(client.datasets.preview({ name, draw: 0, count: 1 }))).toMatchObject({
      data: { code: 'usage', message: expect.stringContaining('Name of the dataset') as string },
    });
  });
});

describe('the root', () => {
  it('lets pages reach what is below it, and the folders of the program', async () => {
    expect(await failure(imported(client.datasets.importFolder({ name: 'Pets', folder: allowed })))).toBeUndefined();
    const own = at('data', 'own', 'Pets');
    expect((await client.drafts.check({ draft: draftOn(pictures(own)) })).faults).toEqual([]);
    expect((await client.app.change({ runsDir: at('root', 'new', 'runs') })).runsDir).toBe(at('root', 'new', 'runs'));
    await client.app.change({ runsDir: at('runs') });
  });

  it('is not changed by a page, whatever it sends', async () => {
    settings.change({ theme: 'dark' });
    const written = JSON.parse(readFileSync(at('home', 'settings.json'), 'utf8')) as object;
    writeFileSync(at('home', 'settings.json'), JSON.stringify({ ...written, root: at('root') }));
    await client.app.change({ theme: 'light', root: '/' } as object);
    expect(new SettingsStore(at('home', 'settings.json')).current()).toMatchObject({
      theme: 'light',
      root: at('root'),
    });
    await client.app.resetSettings({});
    expect(new SettingsStore(at('home', 'settings.json')).current()).toMatchObject({
      theme: 'system',
      root: at('root'),
    });
    settings.change({ runsDir: at('runs'), dataDir: at('data') });
    expect(application.reach.root).toBe(realpathSync(at('root')));
  });

  it('must be a folder', () => {
    expect(() => open(at('root', 'none'))).toThrow('There is no folder');
    expect(() => open(join(allowed, 'cats', '0.png'))).toThrow('There is no folder');
  });

  it('is checked again when a run begins', async () => {
    const moved = at('root', 'moved');
    cpSync(allowed, moved, { recursive: true });
    const draft = (folder: string, num_epochs: number) => ({
      ...draftOn(pictures(folder)),
      classifier: { source: 'train' as const, params: { ...smallTraining, train_data: pictures(folder), num_epochs } },
    });
    const first = await client.drafts.start({ draft: draft(allowed, 100_000) });
    const { ids } = await client.drafts.start({ draft: draft(moved, 1) });
    renameSync(moved, at('root', 'old'));
    symlinkSync(at('outside', 'pets'), moved);
    await client.runs.cancel({ ids: first.ids });
    await application.queued.ended(ids[0]!);
    const { status, error } = application.workbench.catalogue.get(ids[0]!);
    expect([status, error]).toMatchObject(['failed', { code: 'usage', message: outOfReach.data.message }]);
  });
});

describe('without a root', () => {
  it('pages reach what the user does', async () => {
    const unbounded = open();
    try {
      const calls: Client = createRouterClient(createRouter(unbounded));
      const folder = at('outside', 'pets');
      expect((await calls.drafts.check({ draft: draftOn(pictures(folder)) })).faults).toEqual([]);
      expect(await imported(calls.datasets.importFolder({ name: 'From outside', folder }))).toMatchObject({
        classes: 2,
      });
    } finally {
      await unbounded.close();
    }
  });
});
