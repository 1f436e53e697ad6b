import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datasetInfo, listDatasets } from '../../main/data/dataset-info.ts';
import { datasetRegistry } from '../../main/data/datasets/index.ts';
import { cifarBytes, idxBytes } from './idx-bytes.ts';

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'cupbearer-info-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function put(dataset: string, files: Record<string, Uint8Array>): Promise<void> {
  await mkdir(join(dataDir, dataset), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(dataDir, dataset, name), bytes);
}

describe('datasetInfo', () => {
  it('lists all that can be had, with what is there', () => {
    const states = Object.fromEntries(listDatasets(dataDir).map(({ name, state }) => [name, state]));
    const all = datasetRegistry.definitions.filter(({ poisons }) => !poisons).map(({ id }) => id);
    expect(Object.keys(states).sort()).toEqual(all.sort());
    expect(states).toMatchObject({
      mnist: 'missing',
      'fashion-mnist': 'missing',
      cifar10: 'missing',
      gtsrb: 'own',
      'image-folder': 'own',
      glyphs: 'built-in',
      'toy-features': 'built-in',
      arithmetic: 'built-in',
    });
    expect(datasetInfo('glyphs', dataDir).samples).toEqual({ train: 12_000, test: 2_000 });
    expect(datasetInfo('cifar10', dataDir).downloadBytes).toBe(170_052_171);
  });

  it('counts samples from labels, packed or not', async () => {
    const labels = gzipSync(idxBytes([300], new Uint8Array(300)));
    await put('mnist', {
      'train-images-idx3-ubyte': idxBytes([3, 1, 1], [1, 2, 3]),
      'train-labels-idx1-ubyte': idxBytes([3], [1, 2, 3]),
      't10k-labels-idx1-ubyte.gz': labels,
    });
    const info = datasetInfo('mnist', dataDir);
    expect(info.state).toBe('incomplete');
    expect(info.samples).toEqual({ train: 3, test: 300 });
    expect(info.bytes).toBe(19 + 11 + labels.length);
    expect(info.files.map(({ name, present }) => [name, present])).toEqual([
      ['train-images-idx3-ubyte', true],
      ['train-labels-idx1-ubyte', true],
      ['t10k-images-idx3-ubyte', false],
      ['t10k-labels-idx1-ubyte.gz', true],
    ]);
  });

  it('counts records of CIFAR-10, packed or not', async () => {
    const two = cifarBytes([
      { label: 1, colour: [1, 2, 3] },
      { label: 2, colour: [1, 2, 3] },
    ]);
    await put('cifar10', { 'data_batch_1.bin': two, 'data_batch_2.bin.gz': gzipSync(two), 'test_batch.bin': two });
    const info = datasetInfo('cifar10', dataDir);
    expect([info.state, info.samples]).toEqual(['incomplete', { train: 4, test: 2 }]);
  });

  it('is not disturbed by damaged files', async () => {
    await put('mnist', {
      'train-labels-idx1-ubyte': new Uint8Array([1, 2, 3]),
      't10k-labels-idx1-ubyte': new Uint8Array([0x1f, 0x8b, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    });
    await put('cifar10', { 'data_batch_1.bin': new Uint8Array(0), 'test_batch.bin': new Uint8Array([0x1f, 0x8b]) });
    expect(datasetInfo('mnist', dataDir).samples).toEqual({ train: 0, test: 0 });
    expect(datasetInfo('cifar10', dataDir).samples).toEqual({ train: 0, test: 0 });
  });

  it('names the nearest dataset for an unknown one', () => {
    expect(() => datasetInfo('cifar', dataDir)).toThrow('Did you mean "cifar10"?');
    expect(() => datasetInfo('backdoor', dataDir)).toThrow('Unknown dataset');
  });
});
