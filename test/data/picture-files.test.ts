import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BatchReader } from '../../main/data/threads/batch-reader.ts';
import type { PictureFile } from '../../main/data/pictures/decode-pictures.ts';
import { pictureDataset, type PictureOptions } from '../../main/data/pictures/picture-files.ts';
import { subset } from '../../main/data/transforms/subset.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { withEnvironment } from '../tensorflow.ts';
import { upTo } from './toy-dataset.ts';

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'cupbearer-picture-files-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A PPM of `side` x `side` pixels of its own, in three classes in turn; those of `broken` cannot be decoded. */
function pictures(count: number, side: number, broken: readonly number[] = []): PictureFile[] {
  return upTo(count).map((k) => {
    const stream = RandomStream.from(k, 'picture');
    const pixels = Uint8Array.from({ length: broken.includes(k) ? 1 : 3 * side * side }, () => stream.integer(256));
    const path = join(folder, `${k}.ppm`);
    writeFileSync(path, Buffer.concat([Buffer.from(`P6 ${side} ${side} 255\n`), pixels]));
    return { path, label: k % 3, ...(k % 5 === 0 ? { region: { x: 1, y: 0, width: side - 1, height: side } } : {}) };
  });
}

const context = (progress?: () => void) => ({
  dataDir: folder,
  seed: 0,
  warn: () => undefined,
  ...(progress ? { progress } : {}),
});

const load = (files: readonly PictureFile[], options: Partial<PictureOptions>, progress?: () => void) =>
  withEnvironment({ CUPBEARER_HOME: join(folder, 'home') }, () =>
    pictureDataset(
      'toy',
      files,
      ['a', 'b', 'c'],
      { size: 6, colour: true, undecodableShare: 0.1, ...options },
      context(progress),
    ),
  );

const inFile = { mostInMemory: 0 };

describe('pictures', () => {
  it.each([
    ['on two threads', { threads: 2 }],
    ['into a file', { threads: 0, ...inFile }],
    ['on threads into a file', { threads: 1, ...inFile }],
  ])('decoded %s are the same in the same order', async (_how, options) => {
    const files = pictures(70, 7, [3, 40]);
    const here = await load(files, { threads: 0 });
    const there = await load(files, options);
    expect([there.fingerprint, there.length]).toEqual([here.fingerprint, 68]);
    // Alone, in a row, backwards, and twice.
    const indices = [5, 6, 7, 2, 67, 66, 66, 0];
    expect(there.read(indices, 0)).toEqual(here.read(indices, 0));
    expect([...here.read(upTo(4), 0).labels]).toEqual([0, 1, 2, 1]);
    expect(() => there.read([68], 0)).toThrow('0 to 67');
  });

  it('in a file are read by threads, and leave no file behind', async () => {
    const data = await load(pictures(40, 6), inFile);
    expect(data.memory).toBe(40 * Uint16Array.BYTES_PER_ELEMENT);
    expect(readdirSync(join(folder, 'home', 'decoded'))).toEqual([]);
    const reader = new BatchReader(subset(data, [9, 8, 30]), { workers: 1, expected: 1 });
    const read = await reader.batches([Int32Array.of(2, 0)], 0).next();
    await reader.close();
    expect(read.value).toMatchObject({ batch: data.read([30, 9], 0) });
  });

  it('larger than what is kept in memory take a bounded part of it', async () => {
    const files = pictures(300, 8);
    const perPicture = 3 * 128 * 128;
    // As many bytes as are still in use, whatever the collector has left for later.
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    // Buffers are freed in the background; the next collection waits for that.
    const collect = () => {
      gc();
      gc();
    };
    const peak = async (mostInMemory: number) => {
      collect();
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      let calls = 0;
      const measure = () => {
        if (calls++ % 4 !== 0) return;
        collect();
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      };
      const data = await load(files, { size: 128, threads: 0, mostInMemory }, measure);
      data.read([0, 299], 0);
      measure();
      return most;
    };
    expect(await peak(2 ** 28)).toBeGreaterThan(300 * perPicture);
    // Two blocks of pictures.
    expect(await peak(2 ** 20)).toBeLessThan(32 * perPicture);
  });

  it.each([0, 1])('name the one that is gone, with %i threads', async (threads) => {
    const files = pictures(40, 6);
    rmSync(files[33]!.path);
    await expect(load(files, { threads })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(files[33]!.path) as string,
    });
  });

  it.each([0, 1])('name those that cannot be decoded where they are too many, with %i threads', async (threads) => {
    const files = pictures(40, 6, [33]);
    await expect(load(files, { threads, undecodableShare: 0.01 })).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining(files[33]!.path) as string,
    });
  });

  it('can be cancelled while they are decoded', async () => {
    const abort = new AbortController();
    const cancelled = pictureDataset(
      'toy',
      pictures(40, 6),
      ['a', 'b', 'c'],
      { size: 6, colour: true, undecodableShare: 0 },
      { dataDir: folder, seed: 0, signal: abort.signal, progress: () => abort.abort() },
    );
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  });
});
