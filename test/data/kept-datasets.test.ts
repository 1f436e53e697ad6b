import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Dataset } from '../../main/data/dataset.ts';
import { KeptDatasets } from '../../main/data/kept-datasets.ts';
import { temporaryFolder } from '../storage/fixtures.ts';
import { toyDataset } from './toy-dataset.ts';

/** Datasets of 100 bytes each, kept up to `mostBytes`, and the names of those that were loaded. */
function keeper(mostBytes: number) {
  const kept = new KeptDatasets(mostBytes);
  const loaded: string[] = [];
  const get = (name: string, files: readonly string[] = []) =>
    kept.get([name], files, () => {
      loaded.push(name);
      return Promise.resolve<Dataset>({ ...toyDataset(6), memory: 100 });
    });
  return { get, loaded };
}

it('are loaded once, those used last stay', async () => {
  const { get, loaded } = keeper(250);
  const first = await get('a');
  await get('b');
  expect(await get('a')).toBe(first);
  await get('c');
  await get('a');
  await get('b');
  expect(loaded).toEqual(['a', 'b', 'c', 'b']);
});

it('are not kept if they are too large', async () => {
  const { get, loaded } = keeper(99);
  await get('a');
  await get('a');
  expect(loaded).toEqual(['a', 'a']);
});

it('are loaded again if a file changes, comes or goes', async () => {
  const { get, loaded } = keeper(1000);
  const file = join(temporaryFolder(), 'images');
  const load = () => get('a', [file]);
  await load();
  await load();
  expect(loaded).toHaveLength(1);
  writeFileSync(file, 'one');
  await load();
  writeFileSync(file, 'another');
  await load();
  await load();
  expect(loaded).toHaveLength(3);
  rmSync(file);
  await load();
  expect(loaded).toHaveLength(4);
});

it('that could not be loaded are tried again', async () => {
  const kept = new KeptDatasets();
  await expect(kept.get(['a'], [], () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  const dataset = toyDataset(6);
  expect(await kept.get(['a'], [], () => Promise.resolve(dataset))).toBe(dataset);
});
