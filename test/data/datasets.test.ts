import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineDataset } from '../../main/data/dataset.ts';
import type { BackdoorDataset } from '../../main/data/datasets/backdoor.ts';
import { splitFields } from '../../main/data/datasets/fields.ts';
import { datasetState } from '../../main/data/dataset-files.ts';
import { datasetFacts, loadDataset, loadSplit } from '../../main/data/datasets/load.ts';
import { sharedFolder } from '../shared-folder.ts';
import { cifarBytes, idxBytes } from './idx-bytes.ts';
import { toyDataset, upTo } from './toy-dataset.ts';

let dataDir: string;
const context = (seed = 0) => ({ dataDir, seed });

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'cupbearer-data-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function put(dataset: string, files: Record<string, Uint8Array>): Promise<void> {
  await mkdir(join(dataDir, dataset), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(dataDir, dataset, name), bytes);
}

const threeImages = idxBytes(
  [3, 2, 2],
  upTo(12).map((k) => k * 20),
);
const threeLabels = idxBytes([3], [7, 0, 9]);

describe('a dataset without samples', () => {
  const empty = defineDataset({
    id: 'empty',
    title: 'Empty',
    summary: 'Nothing',
    source: 'This test',
    params: z.object(splitFields),
    facts: () => ({ shape: [1, 1, 1], classes: ['a'] }),
    load: () => Promise.resolve(toyDataset(0)),
  });

  it.each([
    [true, 'training'],
    [false, 'test'],
  ])('is refused by whoever loads it, with train %s', async (train, half) => {
    const params = { train, default_augmentations: true };
    await expect(empty.load(params as never, { dataDir: '', seed: 0 })).rejects.toMatchObject({
      code: 'bad-data',
      message: `The dataset "empty": expected at least one ${half} sample, found none.`,
    });
  });
});

describe('files as others have them', () => {
  const images = idxBytes([2, 3, 5], upTo(30));
  const labels = idxBytes([2], [7, 1]);
  const load = (name: string, params: object = {}) =>
    loadDataset({ name, default_augmentations: false, ...params }, { dataDir, seed: 0 });

  it.each([
    [
      'in folders of their names',
      'mnist/train-images-idx3-ubyte/train-images-idx3-ubyte',
      'mnist/train-labels-idx1-ubyte/train-labels-idx1-ubyte',
    ],
    [
      'in folders of their names, with a dot',
      'mnist/train-images.idx3-ubyte/train-images-idx3-ubyte',
      'mnist/train-labels.idx1-ubyte/train-labels.idx1-ubyte.gz',
    ],
    ['with a dot', 'mnist/train-images.idx3-ubyte', 'mnist/train-labels.idx1-ubyte'],
    ['packed, with a dot', 'mnist/train-images.idx3-ubyte.gz', 'mnist/train-labels.idx1-ubyte.gz'],
    [
      'where torchvision puts them',
      'mnist/MNIST/raw/train-images-idx3-ubyte',
      'mnist/MNIST/raw/train-labels-idx1-ubyte',
    ],
  ])('are those of MNIST: %s', async (_, imageFile, labelFile) => {
    const put = async (path: string, bytes: Uint8Array) => {
      await mkdir(join(dataDir, path, '..'), { recursive: true });
      await writeFile(join(dataDir, path), path.endsWith('.gz') ? gzipSync(bytes) : bytes);
    };
    expect(datasetFacts({ name: 'mnist' }, dataDir).shape).toEqual([28, 28, 1]);
    await put(imageFile, images);
    await put(labelFile, labels);
    const loaded = await load('mnist');
    expect([loaded.shape, [...loaded.read([0, 1], 0).labels]]).toEqual([
      [3, 5, 1],
      [7, 1],
    ]);
    // What is known before they are read is the same, by their header.
    expect(datasetFacts({ name: 'mnist' }, dataDir).shape).toEqual([3, 5, 1]);
    expect(datasetFacts({ name: 'fashion-mnist', folder: join(dataDir, 'mnist') }, '').shape).toEqual([3, 5, 1]);
    const poisoned = { name: 'backdoor', original: { name: 'mnist' }, backdoor: { name: 'corner' } };
    expect(datasetFacts(poisoned, dataDir).shape).toEqual([3, 5, 1]);
    expect(datasetState('mnist', dataDir)).toBe('incomplete');
  });

  it('are those of CIFAR-10 in the folder of their archive, and others are named', async () => {
    const folder = join(dataDir, 'cifar10', 'cifar-10-batches-py');
    await mkdir(folder, { recursive: true });
    await expect(load('cifar10')).rejects.toThrow(
      'expected at least one of data_batch_1.bin to _5.bin, found cifar-10-batches-py instead.',
    );
    const binary = join(dataDir, 'cifar10', 'cifar-10-batches-bin');
    await mkdir(binary);
    await writeFile(join(binary, 'data_batch_1.bin'), cifarBytes([{ label: 3, colour: [1, 2, 3] }]));
    expect((await load('cifar10')).length).toBe(1);
  });
});

describe('mnist', () => {
  it('is taken from files that lie beside folders of their names', async () => {
    await put('mnist', { 'train-images.idx3-ubyte': threeImages, 'train-labels-idx1-ubyte.gz': gzipSync(threeLabels) });
    await mkdir(join(dataDir, 'mnist', 'train-images-idx3-ubyte'));
    await mkdir(join(dataDir, 'mnist', 'train-labels-idx1-ubyte'));
    const data = await loadDataset({ name: 'mnist', default_augmentations: false }, context());
    expect([...data.read(upTo(3), 0).labels]).toEqual([7, 0, 9]);
  });

  it('is refused where its halves are of different sizes', async () => {
    const side = (pixels: number) => idxBytes([1, pixels, pixels], upTo(pixels * pixels));
    await put('mnist', {
      'train-images-idx3-ubyte': side(32),
      'train-labels-idx1-ubyte': idxBytes([1], [1]),
      't10k-images-idx3-ubyte': side(28),
      't10k-labels-idx1-ubyte': idxBytes([1], [1]),
    });
    expect((await loadDataset({ name: 'mnist' }, context())).shape).toEqual([32, 32, 1]);
    const path = join(dataDir, 'mnist', 't10k-images-idx3-ubyte');
    await expect(loadDataset({ name: 'mnist', train: false }, context())).rejects.toMatchObject({
      code: 'bad-data',
      message: `${path}: expected images of 32 x 32, as those of the training half are, found 28 x 28.`,
    });
  });

  it('reads images as values of 0 to 1 with their labels, packed or not', async () => {
    await put('mnist', {
      't10k-images-idx3-ubyte': threeImages,
      't10k-labels-idx1-ubyte.gz': gzipSync(threeLabels),
      // Unpacked bytes under a packed name are taken for what they are.
      'train-images-idx3-ubyte.gz': threeImages,
      'train-labels-idx1-ubyte': threeLabels,
    });
    for (const train of [true, false]) {
      const data = await loadDataset({ name: 'mnist', train, default_augmentations: false }, context());
      expect([data.shape, data.length, data.classes.length]).toEqual([[2, 2, 1], 3, 10]);
      const { inputs, labels, size } = data.read([2, 0], 0);
      expect([size, ...labels]).toEqual([2, 9, 7]);
      expect([...inputs]).toEqual([160, 180, 200, 220, 0, 20, 40, 60].map((value) => Math.fround(value / 255)));
    }
  });

  it('says what to do where the folder or one file is missing', async () => {
    await expect(loadDataset({ name: 'mnist' }, context())).rejects.toMatchObject({
      code: 'not-found',
      message: `The dataset "mnist" is not in ${join(dataDir, 'mnist')}: expected train-images-idx3-ubyte or train-images-idx3-ubyte.gz, found none.`,
      hint: 'Get it with: npx cupbearer data download mnist',
    });
    await put('fashion-mnist', { 'train-images-idx3-ubyte': threeImages });
    await expect(loadDataset({ name: 'fashion-mnist' }, context())).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('train-labels-idx1-ubyte') as string,
      hint: 'Get it with: npx cupbearer data download fashion-mnist',
    });
  });

  it('refuses images and labels of different length', async () => {
    await put('mnist', { 'train-images-idx3-ubyte': threeImages, 'train-labels-idx1-ubyte': idxBytes([2], [1, 2]) });
    await expect(loadDataset({ name: 'mnist' }, context())).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(/found 3 images in .* and 2 labels in/) as string,
    });
  });

  it('refuses a folder in place of a file and images without pixels', async () => {
    await mkdir(join(dataDir, 'mnist', 'train-images-idx3-ubyte'), { recursive: true });
    await expect(loadDataset({ name: 'mnist' }, context())).rejects.toMatchObject({ code: 'bad-data' });
    await put('fashion-mnist', {
      'train-images-idx3-ubyte': idxBytes([0, 28, 28], []),
      'train-labels-idx1-ubyte': idxBytes([0], []),
    });
    await expect(loadDataset({ name: 'fashion-mnist' }, context())).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('at least one image') as string,
    });
  });

  it('augments the training half only, in a way that the seed decides', async () => {
    await put('mnist', {
      'train-images-idx3-ubyte': threeImages,
      'train-labels-idx1-ubyte': threeLabels,
      't10k-images-idx3-ubyte': threeImages,
      't10k-labels-idx1-ubyte': threeLabels,
    });
    const print = async (params: object, seed = 0) =>
      (await loadDataset({ name: 'mnist', ...params }, context(seed))).fingerprint;
    expect(await print({ train: false })).toBe(await print({ train: false, default_augmentations: false }, 1));
    expect(await print({})).not.toBe(await print({ default_augmentations: false }));
    expect(await print({})).not.toBe(await print({}, 1));
    expect(await print({ default_augmentations: false })).not.toBe(await print({ train: false }));
    const split = await loadSplit({ name: 'mnist' }, { train: true, augment: false }, context());
    expect(split.fingerprint).toBe(await print({ default_augmentations: false }));
    expect((await loadDataset({ name: 'mnist', limit: 2 }, context())).length).toBe(2);
  });

  it('stops where it is cancelled', async () => {
    const work = loadDataset({ name: 'mnist' }, { ...context(), signal: AbortSignal.abort() });
    await expect(work).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('cifar10', () => {
  it('joins the batches that are there, in order', async () => {
    await put('cifar10', {
      'data_batch_4.bin.gz': gzipSync(cifarBytes([{ label: 4, colour: [255, 0, 51] }])),
      'data_batch_2.bin': cifarBytes([
        { label: 2, colour: [0, 0, 0] },
        { label: 9, colour: [1, 1, 1] },
      ]),
    });
    const data = await loadDataset({ name: 'cifar10', default_augmentations: false }, context());
    expect([data.shape, data.length]).toEqual([[32, 32, 3], 3]);
    const poisoned = { name: 'backdoor', original: { name: 'cifar10', limit: 500 } };
    const counts = { train: 500, test: 500 };
    expect(datasetFacts(poisoned, dataDir)).toEqual({ shape: data.shape, classes: data.classes, counts });
    const { inputs, labels } = data.read([0, 1, 2], 0);
    expect([...labels]).toEqual([2, 9, 4]);
    expect([...inputs.slice(-3)]).toEqual([1, 0, Math.fround(0.2)]);
    await expect(loadDataset({ name: 'cifar10', train: false }, context())).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('expected test_batch.bin') as string,
    });
  });

  it('names the damaged file', async () => {
    await put('cifar10', { 'data_batch_1.bin': new Uint8Array(3072) });
    await expect(loadDataset({ name: 'cifar10' }, context())).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('data_batch_1.bin: expected one or more whole records') as string,
    });
  });
});

describe('backdoor', () => {
  const picked = (backdoor: object, original: object = {}) => ({
    name: 'backdoor',
    original: { name: 'glyphs', train: false, ...original },
    backdoor: { name: 'corner', ...backdoor },
  });

  it('composes original, augmentation and trigger, and keeps the parts', async () => {
    const spec = picked({ p_backdoor: 0.1, target_class: 3 }, { train: true, limit: 500 });
    const data = (await loadDataset(spec, context(4))) as BackdoorDataset;
    expect(data.length).toBe(500);
    expect(upTo(500).filter((i) => data.isPoisoned(i)).length).toBe(50);
    const index = upTo(500).find((i) => data.isPoisoned(i))!;
    const { inputs, labels } = data.read([index], 2);
    const clean = data.clean.read([index], 2);
    expect([inputs[0], labels[0]]).toEqual([1, 3]);
    // The trigger comes after the augmentation: all but the corner is the augmented image.
    expect(inputs.slice(1)).toEqual(clean.inputs.slice(1));
    expect(data.clean.read([index], 2).inputs).not.toEqual(data.original.read([index], 2).inputs);
    expect(data.cleanLabel(index)).toBe(clean.labels[0]);
    expect(data.poison).toEqual({ p_backdoor: 0.1, p_noise: 0, target_class: 3, cycle_class: false, seed: 4 });
    const attacked = data.poisonFully(await loadSplit(spec.original, { train: false, augment: false }, context(4)));
    expect([...attacked.read(upTo(50), 0).labels].every((label) => label === 3)).toBe(true);
  });

  it('takes its defaults where nothing is said', async () => {
    await put('mnist', { 'train-images-idx3-ubyte': threeImages, 'train-labels-idx1-ubyte': threeLabels });
    const data = (await loadDataset({ name: 'backdoor' }, context())) as BackdoorDataset;
    expect(data.trigger.spec).toEqual({ id: 'corner', corner: 'top-left' });
    expect(data.poison.p_backdoor).toBe(0.05);
  });

  it('refuses to poison poisoned data, an unknown trigger and a class that is not there', async () => {
    const load = (spec: { name: string }) => loadDataset(spec, context());
    await expect(load(picked({}, { name: 'backdoor' }))).rejects.toMatchObject({ code: 'usage' });
    await expect(load(picked({ name: 'cornre' }))).rejects.toThrow('Did you mean "corner"?');
    await expect(load(picked({ target_class: 10 }))).rejects.toThrow('target class of 0 to 9, found 10');
  });
});

describe.skipIf(!sharedFolder)('real data (needs the folder with MNIST and CIFAR-10 beside the repository)', () => {
  it('reads MNIST', async () => {
    const folder = join(sharedFolder!, 'data', 'mnist');
    const data = await loadDataset({ name: 'mnist', folder, train: false }, context());
    expect([data.shape, data.length]).toEqual([[28, 28, 1], 10_000]);
    const { inputs, labels } = data.read(upTo(10_000), 0);
    // Class counts of the test half as published.
    const counts = upTo(10).map((digit) => labels.filter((label) => label === digit).length);
    expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    const mean = inputs.reduce((sum, value) => sum + value, 0) / inputs.length;
    expect(mean).toBeCloseTo(0.1325, 3);
    const halves = { train: 60_000, test: 10_000 };
    expect(datasetFacts({ name: 'mnist' }, dataDir)).toEqual({
      shape: data.shape,
      classes: data.classes,
      counts: halves,
    });
  });

  it('reads the subset of CIFAR-10', async () => {
    const folder = join(sharedFolder!, 'data', 'cifar10-subset');
    for (const [train, count] of [
      [true, 10_000],
      [false, 2_000],
    ] as const) {
      const data = await loadDataset({ name: 'cifar10', folder, train, default_augmentations: false }, context());
      expect([data.shape, data.length]).toEqual([[32, 32, 3], count]);
      const { labels } = data.read(upTo(count), 0);
      expect(upTo(10).map((kind) => labels.filter((label) => label === kind).length)).toEqual(
        Array.from({ length: 10 }, () => count / 10),
      );
    }
  });
});
