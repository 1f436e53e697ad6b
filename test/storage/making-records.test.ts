import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { cutOffMakings, whileMaking } from '../../main/storage/making-records.ts';

const place = mkdtempSync(join(tmpdir(), 'cupbearer-making-'));
afterAll(() => {
  rmSync(place, { recursive: true });
});

let count = 0;
let home = '';
beforeEach(() => {
  home = join(place, `home-${count++}`);
});

const records = () => readdirSync(join(home, 'making'));
const folders = () => cutOffMakings(home).map(({ folder }) => folder);

it('keeps a record while a run is made, and not after that', () => {
  const made = whileMaking(home, '/runs/a', () => {
    expect(records()).toHaveLength(1);
    // This process goes on.
    expect(folders()).toEqual([]);
    return 'made';
  });
  expect([made, records()]).toEqual(['made', []]);
  expect(() =>
    whileMaking(home, '/runs/b', () => {
      throw new Error('no room');
    }),
  ).toThrow('no room');
  expect(records()).toEqual([]);
});

it.skipIf(process.platform === 'win32')('finds the folder of a run whose process was killed while it made it', () => {
  const source = fileURLToPath(new URL('../../main/storage/making-records.ts', import.meta.url));
  const script = `const { whileMaking } = await import(${JSON.stringify(source)});
    whileMaking(${JSON.stringify(home)}, '/runs/c', () => process.kill(process.pid, 'SIGKILL') && Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000));`;
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script]); // prettier-ignore
  expect(signal).toBe('SIGKILL');
  const [found, ...others] = cutOffMakings(home);
  expect([found!.folder, others]).toEqual(['/runs/c', []]);
  found!.forget();
  expect([folders(), records()]).toEqual([[], []]);
});

it('removes what cannot be read of a process that has gone, and leaves other files', () => {
  mkdirSync(join(home, 'making'), { recursive: true });
  const gone = `${2 ** 22 + 1}-0.json`;
  writeFileSync(join(home, 'making', gone), '{"folder');
  writeFileSync(join(home, 'making', 'notes.txt'), '');
  expect(folders()).toEqual([]);
  expect(records()).toEqual(['notes.txt']);
});

it('is nothing to stop for where no record can be kept', () => {
  writeFileSync(home, '');
  expect(whileMaking(home, '/runs/d', () => 'made')).toBe('made');
  expect([folders(), existsSync(join(home, 'making'))]).toEqual([[], false]);
});
