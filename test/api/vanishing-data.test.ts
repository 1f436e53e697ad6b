import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, describe, expect, it } from 'vitest';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import type { RunNews } from '../../shared/domain/live.ts';
import { loadDataset } from '../../main/data/datasets/load.ts';
import { startCli } from '../hosts/cli-process.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { ended, startApplication } from './running-application.ts';
import { enqueueOn } from './run-on.ts';

/** An application with MNIST of a few small digits in its data folder, and the folder of these. */
function setUp() {
  const app = startApplication();
  onTestFinished(() => app.stop());
  const data = join(app.place, 'data');
  writeSmallMnist(data, { train: 300, test: 100, side: 28 });
  return { ...app, app, mnist: join(data, 'mnist') };
}

/** Two classes of small pictures in a folder for each. */
function writePictures(folder: string, count: number): void {
  for (const [k, name] of ['cats', 'dogs'].entries()) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++) {
      const pixels = Buffer.alloc(4 * 4 * 3, 100 * k + (i % 100));
      writeFileSync(join(folder, name, `${i}.ppm`), Buffer.concat([Buffer.from('P6\n4 4\n255\n'), pixels]));
    }
  }
}

const training = (original: object, num_epochs: number) => ({
  train_data: { name: 'backdoor', original, backdoor: 'corner' },
  model: { name: 'mlp', hidden_dims: [8] },
  batch_size: 50,
  num_epochs,
});
const draft = (original: object, num_epochs = 2): ExperimentDraft => ({
  preset: '',
  classifier: { source: 'train', params: training(original, num_epochs) },
  task: { name: 'backdoor' },
  detectors: [{ name: 'mahalanobis' }],
  evaluation: { analysis: false },
  engine: 'auto',
  tags: [],
});

/** Kept once `seen` is true of what a run tells. */
async function untilNews({ client }: ReturnType<typeof setUp>, id: string, seen: (news: RunNews) => boolean) {
  for await (const news of await client.runs.follow({ id })) if (seen(news)) return;
}

const away = (folder: string) => renameSync(folder, `${folder}-away`);
const back = (folder: string) => renameSync(`${folder}-away`, folder);

describe('a data folder that vanishes', () => {
  it('during the training is not missed: the data were read; the detector that comes after says what it lacks', async () => {
    const here = setUp();
    const { client, app, mnist } = here;
    const { ids } = await client.drafts.start({ draft: draft({ name: 'mnist' }, 400) });
    await untilNews(here, ids[0]!, (news) => news.type === 'epochs');
    away(mnist);
    expect(await ended(app, ids[0]!)).toBe('done');
    expect(await ended(app, ids[1]!)).toBe('failed');
    expect((await client.runs.get({ id: ids[1]! })).summary.error).toEqual({
      code: 'not-found',
      message: `The dataset "mnist" is not in ${mnist}: expected train-images-idx3-ubyte or train-images-idx3-ubyte.gz, found none.`,
      hint: 'Download it on the screen Datasets.',
      details: { dataset: 'mnist', folder: mnist },
    });
    back(mnist);
    const { id } = await client.runs.repeat({ id: ids[1]! });
    expect(await ended(app, id)).toBe('done');
  });

  it('while its pictures are read is an error that says so', async () => {
    const place = mkdtempSync(join(tmpdir(), 'cupbearer-pictures-'));
    onTestFinished(() => rmSync(place, { recursive: true }));
    const folder = join(place, 'pets');
    writePictures(folder, 100);
    // Pictures are read some at a time.
    const progress = (done: number) => void (done >= 10 && existsSync(folder) && away(folder));
    const loading = loadDataset({ name: 'image-folder', folder }, { dataDir: place, seed: 0, progress });
    await expect(loading).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/pets.cats.\d+\.ppm was there a moment ago and is gone: its folder was moved/) as string, // prettier-ignore
      hint: 'Put it back, and start again.',
    });
  });

  it('between the draft and the start holds the start back, beside the field', async () => {
    const { client, application, mnist, place } = setUp();
    const pets = join(place, 'pets');
    writePictures(pets, 20);
    const pictures = { name: 'image-folder', folder: pets };
    for (const [original, folder, says] of [
      [{ name: 'mnist' }, mnist, /^MNIST is not on this machine/],
      [pictures, pets, /^There is no folder ".*pets" of pictures\.$/],
    ] as const) {
      expect((await client.drafts.check({ draft: draft(original) })).faults).toEqual([]);
      away(folder);
      const { faults } = await client.drafts.check({ draft: draft(original) });
      const path = ['classifier', 'params', 'train_data', 'original'];
      expect(faults).toContainEqual(
        expect.objectContaining({ path, step: 'task', message: expect.stringMatching(says) as string }),
      );
      await expect(client.drafts.start({ draft: draft(original) })).rejects.toMatchObject({
        data: { code: 'usage', message: expect.stringContaining(faults[0]!.message) as string },
      });
      expect(application.workbench.catalogue.list()).toEqual([]);
      back(folder);
    }
  });

  it('while a run waits fails that run with the reason, and the queue goes on', async () => {
    const here = setUp();
    const { client, app, application, place } = here;
    const pets = join(place, 'pets');
    writePictures(pets, 20);
    const enqueue = (original: object, epochs: number) =>
      enqueueOn(application.queued, [{ experiment: 'train-classifier', params: training(original, epochs) }])[0]!.id;
    const first = enqueue({ name: 'glyphs', limit: 200 }, 100_000);
    const waiting = enqueue({ name: 'image-folder', folder: pets }, 2);
    const last = enqueue({ name: 'glyphs', limit: 200 }, 1);
    await untilNews(here, first, (news) => news.type === 'epochs');
    away(pets);
    await client.runs.cancel({ ids: [first] });
    expect([await ended(app, waiting), await ended(app, last)]).toEqual(['failed', 'done']);
    expect((await client.runs.get({ id: waiting })).summary.error).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(pets) as string,
    });
  });

  it('while previews hold it leaves them what was read, and says of the rest what is missing', async () => {
    const { client, mnist } = setUp();
    const preview = (of: ExperimentDraft) => client.drafts.preview({ draft: of, draw: 0, count: 3 });
    expect((await preview(draft({ name: 'mnist' }))).samples.kind).toBe('images');
    away(mnist);
    expect((await preview(draft({ name: 'mnist' }))).samples.kind).toBe('images');
    // The other half was not read before.
    expect(
      await preview({
        ...draft({ name: 'mnist' }),
        task: {
          name: 'separate-data',
          trusted_data: 'mnist',
          clean_test_data: { name: 'mnist', train: false },
          anomalous_test_data: 'mnist',
        },
      }),
    ).toMatchObject({
      // prettier-ignore
      samples: { kind: 'none', reason: expect.stringContaining(`The dataset "mnist" is not in ${mnist}`) as string },
    });
    expect((await preview(draft({ name: 'glyphs' }))).samples.kind).toBe('images');
    back(mnist);
  });
});

describe('a run folder that is removed while it is shown', () => {
  it('leaves its row with what the catalogue knows; each part that needs the folder says that it is gone', async () => {
    const { client, app, application } = setUp();
    const { ids } = await client.drafts.start({ draft: draft({ name: 'glyphs', limit: 200 }) });
    for (const id of ids) expect(await ended(app, id)).toBe('done');
    const id = ids[1]!;
    const { record } = await client.runs.get({ id });
    rmSync(record.folder, { recursive: true });
    const shown = await client.runs.get({ id });
    expect(shown).toMatchObject({ folderExists: false, files: [], spec: null });
    expect(shown.summary.metrics).toEqual(record.metrics);
    expect(await client.runs.result({ id })).toBeNull();
    const gone = { data: { code: 'not-found', message: expect.stringContaining(record.folder) as string } };
    await expect(client.runs.scores({ id })).rejects.toMatchObject(gone);
    await expect(client.runs.plane({ id, layer: 'layers.linear_0.output' })).rejects.toMatchObject(gone);
    await expect(client.runs.samples({ id, positions: [0] })).rejects.toMatchObject(gone);
    // Nothing is lost: it can be had again from what the catalogue knows.
    const again = await client.runs.repeat({ id });
    expect(await ended(app, again.id)).toBe('done');
    // In another folder: the run that was removed must not be shown with the results of this one.
    expect(application.workbench.catalogue.get(again.id).folder).not.toBe(record.folder);
    expect(await client.runs.result({ id })).toBeNull();
    expect(application.workbench.catalogue.get(again.id).metrics).toEqual(record.metrics);
    await expect(client.runs.compare({ ids: [id, ids[0]!] })).rejects.toMatchObject(gone);
  });
});

describe('a catalogue that a second process opens', () => {
  it('is shared: each sees what the other does', async () => {
    const { client, application, app, place } = setUp();
    const call = (...args: string[]) => startCli(args, { cwd: place, home: join(place, 'home') }).ended;
    const { ids } = await client.drafts.start({ draft: draft({ name: 'glyphs', limit: 200 }, 400) });
    const listed = await call('runs', '--json');
    expect(listed.stderr).toBe('');
    expect((JSON.parse(listed.stdout) as { id: string }[]).map(({ id }) => id).sort()).toEqual([...ids].sort());
    const trained = await call('train-classifier', '--train_data', 'glyphs', '--train_data.limit', '100', '--num_epochs', '1', '--dir.full', 'of-cli'); // prettier-ignore
    expect([trained.code, trained.stderr]).toEqual([0, expect.not.stringContaining('Error')]);
    const own = application.workbench.catalogue.byFolder(join(place, 'of-cli'));
    expect(own).toMatchObject({ status: 'done' });
    expect((await client.runs.get({ id: own!.id })).summary.status).toBe('done');
    // What went on here meanwhile was not taken for cut off.
    for (const id of ids) expect(await ended(app, id)).toBe('done');
  });
});
