import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import { describe, expect, it } from 'vitest';
import { latestOf } from '../../main/api/latest-of.ts';
import { datasetRegistry } from '../../main/data/datasets/index.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { failure, temporaryApplication } from './app-client.ts';
import { importDataset, imported } from './imports.ts';

function picture(colour: string, side = 6): Uint8Array<ArrayBuffer> {
  const canvas = createCanvas(side, side);
  const context = canvas.getContext('2d');
  context.fillStyle = colour;
  context.fillRect(0, 0, side, side);
  return new Uint8Array(canvas.toBuffer('image/png'));
}

/** Two classes of five pictures each, below a folder of their own. */
function pets(prefix = 'pets/'): Record<string, Uint8Array<ArrayBuffer>> {
  const names = ['cats', 'dogs'].flatMap((name, k) =>
    [1, 2, 3, 4, 5].map((i) => [`${prefix}${name}/${i}.png`, picture(`rgb(${40 * i}, ${90 * k}, 0)`)] as const),
  );
  return Object.fromEntries(names);
}

function upload(name: string, content: Record<string, Uint8Array<ArrayBuffer>>) {
  return {
    name,
    files: Object.entries(content).map(([path, bytes]) => new File([bytes], path.split('/').at(-1))),
    paths: Object.keys(content),
  };
}

describe('list', () => {
  it('has what there is, with classes and shape', async () => {
    const { client } = temporaryApplication();
    const found = await client.datasets.list({});
    expect(Object.fromEntries(found.map(({ name, state }) => [name, state]))).toMatchObject({
      mnist: 'missing',
      'fashion-mnist': 'missing',
      cifar10: 'missing',
      gtsrb: 'missing',
      glyphs: 'built-in',
      'toy-features': 'built-in',
      arithmetic: 'built-in',
    });
    expect(found.find(({ name }) => name === 'cifar10')).toMatchObject({ classes: 10, shape: [32, 32, 3] });
    const byHand = found.find(({ name }) => name === 'gtsrb')!;
    expect(byHand).toMatchObject({ downloadBytes: null, homepage: 'https://benchmark.ini.rub.de' });
    expect(byHand.folder).toMatch(/gtsrb$/);
    expect(byHand.byHand).toContain('GTSRB_Final_Test_GT.zip');
    for (const { name, files } of found.filter(({ downloadBytes }) => downloadBytes !== null))
      for (const { sha256 } of files) expect(sha256, name).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('import', () => {
  it('takes in a table, which experiments can pick then', async () => {
    const { place, client } = temporaryApplication();
    const rows = Array.from({ length: 20 }, (_, k) => `${k},${k / 2},${k % 2 ? 'odd' : 'even'}`);
    const table = new File([['a,b,label', ...rows].join('\n')], 'numbers.csv');
    const own = await importDataset(client, { name: 'Numbers', files: [table], paths: ['numbers.csv'] });
    expect(own).toMatchObject({
      name: 'Numbers',
      state: 'own',
      classes: 2,
      shape: [2],
      samples: { train: 16, test: 4 },
      pick: { name: 'array-folder', folder: join(place, 'data', 'own', 'Numbers') },
    });
    expect((await client.datasets.list({})).at(-1)).toEqual(own);
    const preview = await client.datasets.preview({ name: 'Numbers', draw: 0, count: 4 });
    expect(preview).toMatchObject({ samples: { kind: 'texts' }, counts: { classes: ['even', 'odd'], train: [8, 8] } });
    const cut = { name: 'Cut', files: [new File(['a,label\n1,x\n'], 'a.csv')], paths: ['a.csv'] };
    await expect(importDataset(client, cut)).rejects.toMatchObject({ data: { code: 'bad-data' } });
    expect((await client.datasets.list({})).filter(({ state }) => state === 'own')).toHaveLength(1);
  });

  it('takes in a folder of class folders, which experiments can pick then', async () => {
    const { place, client } = temporaryApplication();
    const own = await importDataset(
      client,
      upload('My pets', { ...pets(), 'pets/cats/.DS_Store': picture('#fff'), 'pets/readme.txt': picture('#fff') }),
    );
    expect(own).toMatchObject({
      name: 'My pets',
      state: 'own',
      classes: 2,
      shape: [6, 6, 3],
      samples: { train: 8, test: 2 },
      pick: { name: 'image-folder', folder: join(place, 'data', 'own', 'My pets'), size: 6, colour: true },
    });
    expect((await client.datasets.list({})).at(-1)).toEqual(own);
    const definition = datasetRegistry.get('image-folder');
    const { name: _, ...params } = own.pick;
    const loaded = await definition.load(definition.params.parse(params) as never, { dataDir: '', seed: 0 });
    expect([loaded.length, [...loaded.shape], loaded.classes]).toEqual([8, [6, 6, 3], ['cats', 'dogs']]);
  });

  it('takes halves as they are given, and grey pictures as grey', async () => {
    const { client } = temporaryApplication();
    const grey = Object.fromEntries(
      ['train/a/1', 'train/a/2', 'train/b/1', 'test/a/1'].map((path, k) => [
        `all/x/${path}.png`,
        picture(`rgb(${k}, ${k}, ${k})`, 100),
      ]),
    );
    expect(await importDataset(client, upload('halves', grey))).toMatchObject({
      samples: { train: 3, test: 1 },
      shape: [32, 32, 1],
    });
  });

  it('takes in the same from a folder of this machine, follows links, and says what it leaves out', async () => {
    const { place, client } = temporaryApplication();
    for (const [path, bytes] of Object.entries(pets('source/'))) {
      mkdirSync(dirname(join(place, path)), { recursive: true });
      writeFileSync(join(place, path), bytes);
    }
    const source = join(place, 'source');
    renameSync(join(source, 'dogs'), join(place, 'elsewhere'));
    symlinkSync(join(place, 'elsewhere'), join(source, 'dogs'));
    symlinkSync(join(place, 'nowhere'), join(source, 'cats', 'broken.png'));
    mkdirSync(join(source, 'cats', 'more'));
    writeFileSync(join(source, 'cats', 'more', 'one.png'), picture('#fff'));
    writeFileSync(join(source, 'cats', 'other.webp'), 'a picture');
    const states = [];
    for await (const state of await client.datasets.importFolder({ name: 'copied', folder: source }))
      states.push(state);
    const last = states.at(-1);
    if (last.type !== 'done') throw new Error('The import ended without a dataset.');
    const { dataset: own, leftOut } = last;
    expect(leftOut).toBe(
      `Left out of ${source}: 1 link that leads nowhere (cats/broken.png); 1 file that is not PNG, JPEG, PPM, PGM or PBM (cats/other.webp).`,
    );
    expect(own.samples).toEqual({ train: 9, test: 2 });
    expect(lstatSync(join(own.folder!, 'dogs')).isDirectory()).toBe(true);
    writeFileSync(join(own.folder!, 'cats', 'a.bmp'), '');
    const { notes } = await client.datasets.preview({ name: 'copied', draw: 0, count: 1 });
    expect(notes).toEqual([`Left out of ${own.folder}: 1 file that is not PNG, JPEG, PPM, PGM or PBM (cats/a.bmp).`]);
    // The same data from memory say the same.
    expect((await client.datasets.preview({ name: 'copied', draw: 1, count: 1 })).notes).toEqual(notes);
    expect(own.folder).toBe(join(place, 'data', 'own', 'copied'));
    expect(
      await failure(imported(client.datasets.importFolder({ name: 'x', folder: join(place, 'no') }))),
    ).toMatchObject({
      data: { code: 'not-found' },
    });
  });

  it('says how far it is, and leaves nothing behind where it is dropped', async () => {
    const { place, client } = temporaryApplication();
    const source = join(place, 'source');
    mkdirSync(join(source, 'a'), { recursive: true });
    for (let k = 0; k < 3000; k++) writeFileSync(join(source, 'a', `${k}.png`), '');
    const seen: string[] = [];
    for await (const state of await client.datasets.importFolder({ name: 'dropped', folder: source })) {
      if (state.type === 'progress') seen.push(state.phase);
      break;
    }
    expect(seen).toEqual(['Looking']);
    const own = join(place, 'data', 'own');
    await expect.poll(() => (existsSync(own) ? readdirSync(own) : []), { timeout: 20_000 }).toEqual([]);
  });

  it.each(['../../etc', 'a/b', '..'])('previews no dataset of the name %j', async (name) => {
    const { client } = temporaryApplication();
    expect(await failure(client.datasets.preview({ name, draw: 0, count: 1 }))).toMatchObject({
      data: { code: 'usage' },
    });
  });

  it('takes in the files of a known dataset where its readers look', async () => {
    const { place, client } = temporaryApplication();
    writeSmallMnist(join(place, 'files'), { train: 40, test: 10, side: 8 });
    const folder = join(place, 'files', 'mnist');
    const mnist = await imported(client.datasets.importFolder({ name: 'MNIST', folder }));
    expect(mnist).toMatchObject({ name: 'mnist', state: 'present', samples: { train: 40, test: 10 } });
    expect(await failure(imported(client.datasets.importFolder({ name: 'mnist', folder })))).toMatchObject({
      data: { code: 'conflict' },
    });
  });

  it.each([
    ['../../evil.png', 'usage'],
    ['pets/../../evil.png', 'usage'],
    ['/etc/evil.png', 'usage'],
    ['pets\\..\\evil.png', 'usage'],
    ['pets/con/evil.png', 'usage'],
    ['pets/a\u0000/evil.png', 'usage'],
    ['stray.png', 'bad-data'],
  ])('refuses %j and keeps nothing', async (path, code) => {
    const { place, client } = temporaryApplication();
    const call = importDataset(client, upload('bad', { ...pets(), [path]: picture('#fff') }));
    expect(await failure(call)).toMatchObject({ code: 'FAILED', data: { code } });
    const own = join(place, 'data', 'own');
    expect(existsSync(own) ? readdirSync(own) : []).toEqual([]);
    expect(existsSync(join(place, 'evil.png'))).toBe(false);
  });

  it.each(['..', 'a/b', '', '.hidden ', 'x'.repeat(61)])('refuses the name %j', async (name) => {
    const { place, client } = temporaryApplication();
    expect(await failure(importDataset(client, upload(name, pets())))).toBeInstanceOf(Error);
    expect(existsSync(join(place, 'data', 'own', name || 'x', 'cats'))).toBe(false);
  });

  it('refuses what is no dataset, a name that is taken, and a dataset that is built in', async () => {
    const { place, client } = temporaryApplication();
    await importDataset(client, upload('pets', pets()));
    const codes = async (name: string, content: Record<string, Uint8Array<ArrayBuffer>>) =>
      failure(importDataset(client, upload(name, content)));
    expect(await codes('pets', pets())).toMatchObject({ data: { code: 'conflict' } });
    expect(await codes('glyphs', pets())).toMatchObject({ data: { code: 'conflict' } });
    expect(await codes('one', { 'a/b/1.png': picture('#fff') })).toMatchObject({ data: { code: 'bad-data' } });
    expect(await codes('text', { 'a/1.txt': picture('#fff') })).toMatchObject({ data: { code: 'bad-data' } });
    const damaged = Object.fromEntries(Object.keys(pets()).map((path) => [path, new Uint8Array([1, 2, 3])]));
    expect(await codes('damaged', damaged)).toMatchObject({
      data: { code: 'bad-data' },
    });
    expect(await codes('mnist', { 'train-images-idx3-ubyte': new Uint8Array(9) })).toMatchObject({ code: 'FAILED' });
    expect(existsSync(join(place, 'data', 'mnist'))).toBe(false);
    expect(readdirSync(join(place, 'data', 'own'))).toEqual(['pets']);
  });
});

describe('download', () => {
  it('fails in the middle of the stream with what a person is shown', async () => {
    const { client } = temporaryApplication();
    const read = async () => {
      for await (const state of await client.datasets.download({ name: 'glyphs' })) expect(state).toBeUndefined();
    };
    expect(await failure(read())).toMatchObject({ code: 'FAILED', data: { code: 'usage' } });
  });

  it('tells the latest news, and the end last', async () => {
    const seen: number[] = [];
    const stream = latestOf<number>(async (tell) => {
      for (let k = 0; k < 50; k++) {
        tell(k);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return 100;
    });
    for await (const news of stream) seen.push(news);
    expect(seen.at(-1)).toBe(100);
    expect(seen.length).toBeLessThan(10);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('stops the work where the stream is dropped', async () => {
    let stopped = false;
    const stream = latestOf<number>(async (tell, stop) => {
      tell(1);
      await new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve()));
      stopped = true;
      return 2;
    });
    for await (const news of stream) {
      expect(news).toBe(1);
      break;
    }
    await Promise.resolve();
    expect(stopped).toBe(true);
  });
});
