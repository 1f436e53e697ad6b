import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ActivationCache, cacheHoldings, clearCache, shrinkCache } from '../../main/storage/activation-cache.ts';
import { activationCacheLimit } from '../../main/storage/activation-cache-limit.ts';
import { keptBytes, type KeptShape } from '../../main/storage/kept-array.ts';
import { readTensorFile } from '../../main/storage/tensor-file.ts';
import {
  canMount,
  permissionsBind,
  smallDisk,
  withoutMount,
  withoutPermissions,
  withoutRoot,
} from './hostile-disks.ts';

const shape: KeptShape = { rows: 5, width: 3, blockRows: 2, type: 'float32' };
const blocks = [
  [1, 2, 3, 4, 5, 6],
  [7, 8, 9, -0, 1e-40, 3.5],
  [11, 12, 13],
].map((values) => Float32Array.from(values));
const bytes = keptBytes('a'.repeat(64), shape);
const key = (letter: string) => letter.repeat(64);

let folder: string;
let told: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'activation-cache-'));
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const openCache = (limit = 1e6, at = folder, free = 0) =>
  ActivationCache.open({ folder: at, limit, free, tell: (message) => told.push(message) });

/** Writes the matrix; returns whether that was begun. */
function write(cache: ActivationCache, name: string): boolean {
  const writing = cache.create(name, shape);
  for (const block of blocks) writing?.append(block);
  writing?.finish();
  return writing !== undefined;
}

/** All blocks of a matrix, undefined for those that are damaged; undefined if it is not there. */
function read(cache: ActivationCache, name: string) {
  const array = cache.find(name, shape);
  const found = array && blocks.map((_, block) => array.read(block));
  array?.close();
  return found;
}

const fileOf = (name: string) => join(folder, `${name}.safetensors`);

/** Says that a file was last used so many seconds ago. */
function usedAgo(name: string, seconds: number): void {
  const then = new Date(Date.now() - seconds * 1000);
  utimesSync(fileOf(name), then, then);
}

describe('ActivationCache', () => {
  it('returns what another one has written, bit for bit, in any order', async () => {
    expect(write(await openCache(), key('a'))).toBe(true);
    const array = (await openCache()).find(key('a'), shape)!;
    for (const block of [2, 0, 1]) expect(array.read(block)).toEqual(blocks[block]);
    array.close();
    expect(statSync(fileOf(key('a'))).size).toBe(bytes);
    expect(told).toEqual([]);
  });

  it('writes a file that every reader of safetensors reads', async () => {
    write(await openCache(), key('a'));
    const { tensors, metadata } = readTensorFile(fileOf(key('a')));
    expect(tensors['values']).toEqual({
      shape: [5, 3],
      data: Float32Array.from(blocks.flatMap((block) => [...block])),
    });
    expect(metadata).toEqual({ key: key('a') });
  });

  it('keeps whole numbers as such', async () => {
    const cache = await openCache();
    const labels: KeptShape = { rows: 3, width: 1, blockRows: 2, type: 'int32' };
    const writing = cache.create(key('b'), labels)!;
    writing.append(Int32Array.of(2 ** 30 + 1, -5));
    writing.append(Int32Array.of(7));
    writing.finish();
    const array = cache.find(key('b'), labels)!;
    expect([array.read(0), array.read(1)]).toEqual([Int32Array.of(2 ** 30 + 1, -5), Int32Array.of(7)]);
    array.close();
  });

  it('has nothing of what was not finished', async () => {
    const cache = await openCache();
    const writing = cache.create(key('a'), shape)!;
    writing.append(blocks[0]!);
    expect(read(cache, key('a'))).toBeUndefined();
    writing.discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('finds each damaged byte in the block that it is in, and removes the file', async () => {
    write(await openCache(), key('a'));
    const whole = readFileSync(fileOf(key('a')));
    const start = whole.length - 60 - 3 * 32;
    const places = [
      { at: start, bad: [0] },
      { at: start + 24 + 23, bad: [1] },
      { at: start + 59, bad: [2] },
      { at: whole.length - 1, bad: [2] },
    ];
    for (const { at, bad } of places) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1;
      writeFileSync(fileOf(key('a')), damaged);
      const cache = await openCache();
      const array = cache.find(key('a'), shape)!;
      expect(blocks.map((_, block) => array.read(block))).toEqual(
        blocks.map((block, number) => (bad.includes(number) ? undefined : block)),
      );
      array.close();
      expect(existsSync(fileOf(key('a')))).toBe(false);
    }
    expect(told).toHaveLength(places.length);
    expect(told[0]).toContain('damaged');
  });

  it('does not take a file of another key, another shape or a part of one', async () => {
    const cache = await openCache();
    const spoil: ((path: string) => void)[] = [
      (path) => writeFileSync(path, readFileSync(fileOf(key('b')))),
      (path) => truncateSync(path, bytes - 1),
      (path) => truncateSync(path, 20),
      (path) => writeFileSync(path, ''),
      (path) => writeFileSync(path, 'no such file'),
    ];
    write(cache, key('b'));
    for (const change of spoil) {
      write(cache, key('a'));
      change(fileOf(key('a')));
      expect(read(cache, key('a'))).toBeUndefined();
      expect(existsSync(fileOf(key('a')))).toBe(false);
    }
    expect(cache.find(key('b'), { ...shape, blockRows: 3 })).toBeUndefined();
    // The reason is the same each time.
    expect(told).toHaveLength(1);
  });

  it('removes what was not used for longest before it writes more than the limit', async () => {
    for (const name of ['a', 'b', 'c']) write(await openCache(), key(name));
    for (const [name, seconds] of [['a', 30], ['b', 20], ['c', 10]] as const) usedAgo(key(name), seconds); // prettier-ignore
    expect(read(await openCache(), key('a'))).toEqual(blocks);
    write(await openCache(3 * bytes), key('d'));
    expect(readdirSync(folder).sort()).toEqual(['a', 'c', 'd'].map((name) => `${key(name)}.safetensors`));
    expect(told).toEqual([]);
  });

  it('keeps what it has used itself, and says once what it cannot keep', async () => {
    const cache = await openCache(2 * bytes);
    expect(['a', 'b', 'c', 'd'].map((name) => write(cache, key(name)))).toEqual([true, true, false, false]);
    expect([read(cache, key('a')), read(cache, key('b'))]).toEqual([blocks, blocks]);
    expect(cacheHoldings(folder)).toEqual({ bytes: 2 * bytes, files: 2 });
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('not kept');
  });

  it('counts what others are writing', async () => {
    const writing = (await openCache(2 * bytes)).create(key('a'), shape)!;
    write(await openCache(2 * bytes), key('b'));
    expect(write(await openCache(2 * bytes), key('c'))).toBe(true);
    expect(existsSync(fileOf(key('b')))).toBe(false);
    writing.discard();
  });

  it('lets two write the same, and one read what another removes', async () => {
    const [one, other] = [await openCache(), await openCache()];
    const [first, second] = [one.create(key('a'), shape)!, other.create(key('a'), shape)!];
    for (const block of blocks) for (const writing of [first, second]) writing.append(block);
    first.finish();
    const array = one.find(key('a'), shape)!;
    second.finish();
    expect(array.read(0)).toEqual(blocks[0]);
    await clearCache(folder);
    expect(array.read(1)).toEqual(blocks[1]);
    array.close();
    expect(read(one, key('a'))).toBeUndefined();
    expect(told).toEqual([]);
  });

  it('goes on where the folder cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    const cache = await openCache(1e6, join(folder, 'file', 'cache'));
    expect(cache.find(key('a'), shape)).toBeUndefined();
    expect(write(cache, key('a'))).toBe(false);
    expect(told.length).toBeGreaterThan(0);
  });

  it.skipIf(!permissionsBind)(`reads where it cannot write, and says so once${withoutPermissions}`, async () => {
    write(await openCache(), key('a'));
    for (const path of [folder, fileOf(key('a'))]) spawnSync('chmod', ['a+rX,a-w', path]);
    const cache = await openCache();
    withoutRoot(() => {
      expect(read(cache, key('a'))).toEqual(blocks);
      expect([write(cache, key('b')), write(cache, key('c'))]).toEqual([false, false]);
    });
    spawnSync('chmod', ['u+w', folder]);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('permission was denied');
  });

  it.skipIf(!canMount)(`goes on when the disk is full, and leaves nothing there${withoutMount}`, async () => {
    const disk = smallDisk('64k').folder;
    const cache = await openCache(1e6, disk);
    const large: KeptShape = { rows: 30, width: 1000, blockRows: 1, type: 'float32' };
    const writing = cache.create(key('a'), large);
    for (let row = 0; row < large.rows; row++) writing?.append(new Float32Array(large.width).fill(row + 1));
    writing?.finish();
    expect(readdirSync(disk)).toEqual([]);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/not kept.*disk/);
  });

  it('leaves room on the disk for results', async () => {
    const cache = await openCache(1e6, folder, 1e18);
    expect([write(cache, key('a')), write(cache, key('b'))]).toEqual([false, false]);
    expect(told).toHaveLength(1);
  });

  it('removes what a killed process was writing', async () => {
    const program = `
      import { ActivationCache } from ${JSON.stringify(new URL('../../main/storage/activation-cache.ts', import.meta.url).href)};
      const cache = await ActivationCache.open({ folder: ${JSON.stringify(folder)}, limit: 1e9, free: 0, tell: () => undefined });
      cache.create('${key('a')}', ${JSON.stringify(shape)});
      process.kill(process.pid, 'SIGKILL');`;
    spawnSync(process.execPath, ['--input-type=module', '-e', program]);
    expect(readdirSync(folder)).toHaveLength(1);
    await openCache();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('the cache as a whole', () => {
  it('shrinks to a smaller limit by what was not used for longest, and leaves other files alone', async () => {
    for (const name of ['a', 'b', 'c']) write(await openCache(), key(name));
    for (const [name, seconds] of [['a', 30], ['b', 10], ['c', 20]] as const) usedAgo(key(name), seconds); // prettier-ignore
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    shrinkCache(folder, bytes);
    expect(readdirSync(folder).sort()).toEqual([`${key('b')}.safetensors`, 'notes.txt']);
    expect(await clearCache(folder)).toEqual({ bytes: 0, files: 0 });
    expect(readdirSync(folder)).toEqual(['notes.txt']);
  });

  it('is as large as the environment says, else as the setting, else as suits the disk', () => {
    const there = join(folder, 'not', 'there', 'yet');
    expect(activationCacheLimit(there, 5e9, '1.5 GB')).toEqual({ bytes: 1.5e9, by: 'environment' });
    expect(activationCacheLimit(there, 5e9, 'off')).toEqual({ bytes: 0, by: 'environment' });
    expect(activationCacheLimit(there, 5e9, '')).toEqual({ bytes: 5e9, by: 'setting' });
    const { bytes: automatic, by } = activationCacheLimit(there, null, '');
    expect(by).toBe('disk');
    expect(automatic).toBeGreaterThan(0);
    expect(automatic).toBeLessThanOrEqual(20e9);
    expect(() => activationCacheLimit(there, null, 'much')).toThrow('CUPBEARER_ACTIVATION_CACHE takes off or a size');
  });
});
