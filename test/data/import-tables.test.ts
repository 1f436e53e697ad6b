import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CupbearerError } from '../../shared/errors.ts';
import type { TensorData } from '../../shared/domain/tensors.ts';
import { datasetFacts, loadDataset } from '../../main/data/datasets/load.ts';
import { importDataset } from '../../main/data/own/import-dataset.ts';
import { importOptions } from '../../main/data/import-options.ts';
import { describeOwnDataset } from '../../main/data/own/own-datasets.ts';
import { wordsOf } from '../../main/data/texts.ts';
import { encodeNpy } from '../../main/storage/npy.ts';

const never = new AbortController().signal;
const fixtures = join(import.meta.dirname, 'fixtures/tables');

let place: string;
let folder: string;
let dataDir: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-tables-'));
  folder = join(place, 'given');
  dataDir = join(place, 'data');
  mkdirSync(folder);
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

const npy = (shape: number[], data: TensorData) => encodeNpy({ shape, data });
const npz = (arrays: Record<string, Uint8Array>) =>
  zipSync(Object.fromEntries(Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes])));

async function take(options: Record<string, unknown> = {}, path = folder): Promise<string> {
  const request = { name: 'mine', folder: path, isOwn: false, options: importOptions.parse(options) };
  await importDataset(request, { dataDir, signal: never });
  return join(dataDir, 'own', 'mine');
}

async function half(train: boolean, own = join(dataDir, 'own', 'mine')) {
  const picked = { name: 'array-folder', folder: own, train, default_augmentations: false };
  return loadDataset(picked, { dataDir, seed: 0 });
}

/** All samples of a half: inputs and labels. */
async function all(train: boolean) {
  const dataset = await half(train);
  const { inputs, labels } = dataset.read(Int32Array.from({ length: dataset.length }, (_, i) => i), 0); // prettier-ignore
  return { inputs: [...inputs], labels: [...labels], dataset };
}

/** `count` pictures of 2 x 2 whose values are their number. */
const pixels = (count: number, channels = 3) =>
  Uint8Array.from({ length: count * 4 * channels }, (_, i) => Math.floor(i / (4 * channels)));

describe('arrays', () => {
  it('of bytes in an archive become images, their halves as they are called', async () => {
    put('mine.npz', npz({
      x_train: npy([4, 2, 2, 3], pixels(4)), y_train: npy([4], Int32Array.of(7, 3, 7, 3)),
      x_test: npy([2, 2, 2, 3], pixels(2)), y_test: npy([2], Int32Array.of(3, 7)),
    })); // prettier-ignore
    await take();
    const { inputs, labels, dataset } = await all(true);
    expect([dataset.shape, dataset.classes, labels]).toEqual([
      [2, 2, 3],
      ['3', '7'],
      [1, 0, 1, 0],
    ]);
    expect(inputs.slice(12, 24)).toEqual(Array(12).fill(Math.fround(1 / 255)));
    const test = await all(false);
    expect([test.labels, test.dataset.length]).toEqual([[0, 1], 2]);
    expect(test.dataset.fingerprint).not.toBe(dataset.fingerprint);
    expect(datasetFacts({ name: 'array-folder', folder: join(dataDir, 'own', 'mine') }, dataDir)).toMatchObject({
      shape: [2, 2, 3],
      counts: { train: 4, test: 2 },
    });
  });

  it('in folders become features, drawn by class and seed where they have no halves', async () => {
    const values = Float32Array.from({ length: 40 }, (_, i) => i / 3);
    put('x.npy', npy([20, 2], values));
    put(
      'y.npy',
      npy(
        [20, 1],
        Int32Array.from({ length: 20 }, (_, i) => i % 2),
      ),
    );
    await take({ test_fraction: 0.3, classes: ['even', 'odd'] });
    const [train, test] = [await all(true), await all(false)];
    expect([train.dataset.length, test.dataset.length]).toEqual([14, 6]);
    expect([...train.inputs, ...test.inputs].sort((a, b) => a - b)).toEqual([...values]);
    expect(test.labels.filter((label) => label === 1)).toHaveLength(3);
    expect(test.dataset.classes).toEqual(['even', 'odd']);
    for (const { inputs, labels } of [train, test])
      labels.forEach((label, i) => expect(Math.round((inputs[2 * i]! * 3) / 2) % 2).toBe(label));
    rmSync(join(dataDir, 'own'), { recursive: true });
    await take({ test_fraction: 0.3, split_seed: 1, classes: ['even', 'odd'] });
    expect((await all(false)).inputs).not.toEqual(test.inputs);
  });

  it('with channels first are turned', async () => {
    put(
      'train/images.npy',
      npy(
        [2, 3, 2, 2],
        Float32Array.from({ length: 24 }, (_, i) => i / 24),
      ),
    );
    put('train/labels.npy', npy([2], Int32Array.of(0, 1)));
    put('test/images.npy', npy([1, 3, 2, 2], new Float32Array(12)));
    put('test/labels.npy', npy([1], Int32Array.of(1)));
    await take();
    const { inputs, dataset } = await all(true);
    expect(dataset.shape).toEqual([2, 2, 3]);
    expect(inputs.slice(0, 6)).toEqual([0, 4, 8, 1, 5, 9].map((value) => Math.fround(value / 24)));
  });

  const pair = (x: Uint8Array, y: Uint8Array) => () => {
    put('x.npy', x);
    put('y.npy', y);
  };
  const labels = (count: number) =>
    npy(
      [count],
      Int32Array.from({ length: count }, (_, i) => i % 2),
    );
  it.each<[string, () => void, RegExp]>([
    ['without labels', () => put('x.npy', npy([4, 2], new Float32Array(8))), /tensor "x": expected an array of labels beside it, found none/],
    ['that say nothing by their names', () => put('a.npz', npz({ first: labels(4), second: labels(4) })), /expected arrays of inputs and of labels, such as x_train and y_train, found first, second/],
    ['twice', () => put('a.npz', npz({ x: labels(4), data: labels(4), y: labels(4) })), /expected one array of inputs, found "x" as well/],
    ['of another length', pair(npy([4, 2], new Float32Array(8)), labels(3)), /tensor "y": expected 4 labels, as there are inputs in "x", found shape \[3\] of I32/],
    ['with labels between', pair(npy([2, 2], new Float32Array(4)), npy([2], Float32Array.of(0, 0.5))), /tensor "y": expected whole numbers, found 0\.5 at row 1/],
    ['that are not finite', pair(npy([10, 2], new Float32Array(20).fill(NaN)), labels(10)), /tensor "x", row \d+: expected finite numbers, found NaN/],
    ['of images beyond 1', pair(npy([10, 2, 2], new Float32Array(40).fill(7)), labels(10)), /expected images of bytes, or of values from 0 to 1, found 7/],
    ['of four channels', pair(npy([10, 2, 2, 4], new Uint8Array(160)), labels(10)), /expected images of 1 or 3 channels, found 4/],
    ['of one class', pair(npy([4, 2], new Float32Array(8)), npy([4], new Int32Array(4))), /Expected 2 to 65536 classes, found 1/],
    ['of too few to draw from', pair(npy([2, 2], new Float32Array(4)), labels(2)), /Expected samples of the half "test", found none/],
    ['that are cut off', () => { pair(npy([4, 2], new Float32Array(8)), labels(4))(); truncateSync(join(folder, 'x.npy'), 140); }, /x\.npy": expected 32 bytes of data for the shape \[4, 2\], found 12/],
    ['of objects', () => put('a.npz', npz({ x: Buffer.from(Buffer.from(npy([4, 2], new Float32Array(8))).toString('latin1').replace("'<f4'", "'|O' "), 'latin1'), y: labels(4) })), /pickle: it could run anything/],
    ['in an archive that leads out of it', () => put('a.npz', npz({ '../x': labels(4), y: labels(4) })), /a\.npz": expected .*invalid relative path|found a fault/],
  ])('%s are refused by name, and nothing stays behind', async (_, write, sentence) => {
    write();
    await expect(take()).rejects.toThrow(sentence);
    expect(existsSync(join(dataDir, 'own')) ? readdirSync(join(dataDir, 'own')) : []).toEqual([]);
  }); // prettier-ignore

  it('are refused where a class is none of those that are named', async () => {
    pair(npy([4, 2], new Float32Array(8)), npy([4], Int32Array.of(0, 1, 2, 1)))();
    await expect(take({ classes: ['a', 'b'] })).rejects.toThrow(/row 3: expected a class of a, b, found 2/);
  });
});

describe('tables', () => {
  const rows = (count: number, line: (k: number) => string) =>
    Array.from({ length: count }, (_, k) => line(k)).join('\n');

  it('of features in CSV become a dataset, one half by the file', async () => {
    put('train.csv', `id,a,b,label\n${rows(6, (k) => `${k},${k}.5,-1e2,${k % 2 ? 'dog' : 'cat'}`)}\n`);
    put('test.csv', `id,a,b,label\n9,1,2,dog\n`);
    await take();
    const { inputs, labels, dataset } = await all(true);
    expect([dataset.shape, dataset.classes, labels]).toEqual([[2], ['cat', 'dog'], [0, 1, 0, 1, 0, 1]]);
    expect(inputs.slice(0, 4)).toEqual([0.5, -100, 1.5, -100]);
    expect((await all(false)).labels).toEqual([1]);
  });

  it('say halves and classes in columns of their own', async () => {
    put('mine.csv', `split,f,kind\n${rows(8, (k) => `${k < 6 ? 'train' : 'test'},${k},${k % 3}`)}\n`);
    await take({ label: 'kind', classes: ['low', 'mid', 'high'] }, join(folder, 'mine.csv'));
    const { labels, dataset } = await all(false);
    expect([dataset.classes, labels]).toEqual([
      ['low', 'mid', 'high'],
      [0, 1],
    ]);
  });

  it('of texts become words of a vocabulary of the training half', async () => {
    writeFileSync(join(folder, 'texts.parquet'), readFileSync(join(fixtures, 'texts.parquet')));
    await take({ tokens: 6, words: 5 });
    const { inputs, labels, dataset } = await all(true);
    expect([dataset.shape, dataset.classes, dataset.length]).toEqual([[6], ['bad', 'good'], 16]);
    const { vocabulary } = dataset;
    expect(vocabulary).toEqual(['<pad>', '<unknown>', ',', '.', 'film', 'part', 'dull']);
    expect(wordsOf(inputs.slice(0, 6), vocabulary!)).toEqual(['dull', 'film', ',', 'part', '<unknown>', '.']);
    expect(labels.slice(0, 3)).toEqual([0, 1, 0]);
    expect(await describeOwnDataset('mine', join(dataDir, 'own', 'mine'), never)).toMatchObject({ kind: 'arrays', areTexts: true }); // prettier-ignore
  });

  it('in Parquet hold features in columns and lists', async () => {
    await take({}, join(fixtures, 'features.parquet'));
    const { dataset } = await all(true);
    expect([dataset.shape, dataset.classes]).toEqual([[3], ['a', 'b']]);
    const { inputs, labels } = await all(false);
    labels.forEach((label, i) => expect(inputs[3 * i]! % 2).toBe(label));
  });

  it('of pictures, as Hugging Face writes them, become folders of their classes', async () => {
    for (const name of ['train', 'test'])
      put(`data/${name}-00000-of-00001.parquet`, readFileSync(join(fixtures, `${name}-00000-of-00001.parquet`)));
    const own = await take();
    expect(readdirSync(join(own, 'train'))).toEqual(['ant', 'bee_fly']);
    expect(readdirSync(join(own, 'test', 'ant'))).toEqual(['000-0000001.png', '000-0000003.png']);
    expect(await describeOwnDataset('mine', own, never)).toMatchObject({ kind: 'pictures', size: 2, colour: true, samples: { train: 8, test: 4 } }); // prettier-ignore
    const pictures = await loadDataset({ name: 'image-folder', folder: own, size: 2, train: true, default_augmentations: false }, { dataDir, seed: 0 }); // prettier-ignore
    expect(pictures.read([0, 4], 0).inputs[0]).toBe(0);
    expect(Math.round(pictures.read([4], 0).inputs[0]! * 255)).toBe(20);
    const cut = { name: 'image-folder', folder: own, size: 1, crop_from: 2, train: true, default_augmentations: false };
    const middle = await loadDataset(cut, { dataDir, seed: 0 });
    expect(middle.read([4], 0).inputs.map((value) => Math.round(value * 255))).toEqual(Float32Array.of(20, 0, 0));
    expect(middle.fingerprint).not.toBe(pictures.fingerprint);
    await expect(loadDataset({ ...cut, crop_from: 1, size: 2 }, { dataDir, seed: 0 })).rejects.toThrow(
      'Expected a crop_from of at least the size, 2 px, found 1.',
    );
  });

  it.each<[string, () => void, Record<string, unknown>, RegExp]>([
    ['without a column of classes', () => put('a.csv', 'a,b\n1,2\n'), {}, /a\.csv": expected a column "label", .* with the classes, found a, b/],
    ['without the column that is named', () => put('a.csv', 'a,label\n1,2\n'), { label: 'kind' }, /expected a column "kind" with the classes/],
    ['with words for features', () => put('a.csv', 'a,b,label\n1,2,x\n1,red,y\n'), {}, /a\.csv", column "b", row 1: expected a finite number, found "2"|row 2: expected a finite number, found "red"/],
    ['with a missing feature', () => put('a.csv', 'a,label\n1,x\n,y\n'), {}, /column "a", row 2: expected a finite number, found nothing/],
    ['with a missing class', () => put('a.csv', 'a,label\n1,x\n2,\n'), {}, /column "label", row 2: expected a class, found nothing/],
    ['with an unknown half', () => put('a.csv', 'a,label,split\n1,x,train\n2,y,rest\n'), {}, /column "split", row 2: expected train, test or validation, found "rest"/],
    ['of different widths', () => { put('train.csv', 'a,b,label\n1,2,x\n1,2,y\n'); put('test.csv', 'a,label\n1,x\n'); }, {}, /expected samples of 1, as in .*, found 2|expected samples of 2, as in .*, found 1/],
    ['without rows', () => put('a.csv', 'a,label\n'), {}, /expected at least one row, found none/],
    ['that are no Parquet', () => put('a.parquet', 'PAR1 and no more PAR1'), {}, /a\.parquet": expected a table in Parquet, found a fault/],
  ])('%s are refused by name, and nothing stays behind', async (_, write, options, sentence) => {
    write();
    await expect(take(options)).rejects.toThrow(sentence);
    expect(existsSync(join(dataDir, 'own')) ? readdirSync(join(dataDir, 'own')) : []).toEqual([]);
  }); // prettier-ignore

  it('whatever they hold are taken or refused with a sentence', async () => {
    const names = ['train-00000-of-00001.parquet', 'texts.parquet', 'features.parquet'];
    const files = names.map((name) => new Uint8Array(readFileSync(join(fixtures, name))));
    await fc.assert(
      fc.asyncProperty(fc.nat(files.length - 1), fc.nat(), fc.nat(255), async (which, at, value) => {
        const bytes = files[which]!.slice();
        bytes[at % bytes.length] = value;
        put('a.parquet', bytes);
        rmSync(join(dataDir, 'own'), { recursive: true, force: true });
        try {
          await take();
        } catch (error) {
          if (!(error instanceof CupbearerError) || error.code === 'internal') throw error;
        }
      }),
      { numRuns: 120 },
    );
  });

  it('that were changed after the import are refused when they are loaded', async () => {
    put('mine.csv', `a,label\n${rows(10, (k) => `${k},${k % 2}`)}\n`);
    const own = await take();
    truncateSync(join(own, 'train-inputs.npy'), 140);
    await expect(half(true)).rejects.toThrow(/train-inputs\.npy": expected/);
    writeFileSync(join(own, 'train-labels.npy'), npy([8], Int32Array.of(0, 1, 0, 1, 0, 1, 0, 5)));
    writeFileSync(join(own, 'train-inputs.npy'), npy([8, 1], new Float32Array(8)));
    await expect(half(true)).rejects.toThrow(/train-labels\.npy": expected labels from 0 to 1, found 5 at element 7/);
    writeFileSync(join(own, 'dataset.json'), '{"format":1}');
    await expect(half(true)).rejects.toThrow(/dataset\.json" does not describe a dataset of arrays/);
  });
});
