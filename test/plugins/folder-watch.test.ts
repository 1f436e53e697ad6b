import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderWatch, type WatchedFolder } from '../../main/plugins/folder-watch.ts';

let place: string;
let stop: AbortController;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-watch-'));
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  rmSync(place, { recursive: true, force: true });
});

const watch = () => new FolderWatch(({ name }) => name !== 'node_modules' && !name.startsWith('.'), 100, { lookMs: 5 });

function made(id: string): WatchedFolder {
  const folder = join(place, id);
  mkdirSync(join(folder, 'inside'), { recursive: true });
  writeFileSync(join(folder, 'detector.py'), 'one');
  return { id, folder };
}

/** What a watch tells of, or "nothing" while it still waits. */
const toldSoon = (told: Promise<string[]>) => Promise.race([told, wait(60).then(() => 'nothing')]);

describe('the watch over folders', () => {
  it.each<[string, (folder: string) => void]>([
    ['a file that was written', (folder) => writeFileSync(join(folder, 'detector.py'), 'another')],
    ['a file that came', (folder) => writeFileSync(join(folder, 'inside', 'more.py'), '')],
    ['a file that is gone', (folder) => rmSync(join(folder, 'detector.py'))],
    [
      'a file that another was put in the place of',
      (folder) => {
        writeFileSync(join(folder, '.detector.py.tmp'), 'two');
        renameSync(join(folder, '.detector.py.tmp'), join(folder, 'detector.py'));
      },
    ],
    ['a folder that is gone', (folder) => rmSync(folder, { recursive: true })],
  ])('tells of %s, once', async (_what, change) => {
    const [a, b] = [made('a'), made('b')];
    const folders = watch();
    const first = folders.changed([a, b], stop.signal);
    expect(await toldSoon(first)).toBe('nothing');
    change(b.folder);
    expect(await first).toEqual(['b']);
    expect(await toldSoon(folders.changed([a, b], stop.signal))).toBe('nothing');
  });

  it('tells of what has changed between two questions', async () => {
    const a = made('a');
    const folders = watch();
    const asked = new AbortController();
    const first = folders.changed([a], asked.signal);
    asked.abort();
    await expect(first).rejects.toThrow();
    writeFileSync(join(a.folder, 'detector.py'), 'another');
    expect(await folders.changed([a], stop.signal)).toEqual(['a']);
  });

  it('tells of a folder that comes back, and passes over what is no content', async () => {
    const a = made('a');
    rmSync(a.folder, { recursive: true });
    const folders = watch();
    const first = folders.changed([a], stop.signal);
    expect(await toldSoon(first)).toBe('nothing');
    made('a');
    expect(await first).toEqual(['a']);
    const second = folders.changed([a], stop.signal);
    mkdirSync(join(a.folder, 'node_modules'));
    writeFileSync(join(a.folder, 'node_modules', 'large.js'), '');
    writeFileSync(join(a.folder, '.swp'), '');
    expect(await toldSoon(second)).toBe('nothing');
  });
});
