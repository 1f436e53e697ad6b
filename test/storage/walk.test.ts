import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { walkFolders, type WalkLimits } from '../../main/storage/walk.ts';

/** A folder with these files, each with an empty one. */
function folderOf(...files: string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'cupbearer-walk-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  return root;
}

const limits = (given: Partial<WalkLimits> = {}): WalkLimits => ({
  signal: new AbortController().signal,
  mostEntries: 100,
  mostLevels: 10,
  ...given,
});

async function walked(root: string, given: Partial<WalkLimits> = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const { parts, entries } of walkFolders(root, limits(given)))
    found.push(...entries.filter((entry) => entry.isFile()).map(({ name }) => [...parts, name].join('/')));
  return found;
}

describe('walkFolders', () => {
  it('comes to every folder in the order of names, those inside after the one that holds them', async () => {
    const root = folderOf('b/2', 'b/1', 'a/x/3', 'a/z', '0');
    expect(await walked(root)).toEqual(['0', 'a/z', 'a/x/3', 'b/1', 'b/2']);
  });

  it('follows no links', async () => {
    const root = folderOf('a/1');
    symlinkSync(root, join(root, 'a', 'round'));
    symlinkSync(join(root, 'a'), join(root, 'b'));
    expect(await walked(root)).toEqual(['a/1']);
  });

  it('refuses more than it is to look at as soon as it sees them, and passes over what is too deep', async () => {
    const root = folderOf('a/1', 'a/2', 'b/c/d/1');
    await expect(walked(root, { mostEntries: 4 })).rejects.toMatchObject({ code: 'bad-data' });
    expect(await walked(root, { mostLevels: 2 })).toEqual(['a/1', 'a/2']);
  });

  it('enters nothing that is skipped', async () => {
    const root = folderOf('a/1', 'b/2');
    const found: string[] = [];
    for await (const { path, skip } of walkFolders(root, limits())) {
      skip(({ name }) => name === 'a');
      found.push(path);
    }
    expect(found).toEqual([root, join(root, 'b')]);
  });

  it('stops where its signal is given', async () => {
    const stop = new AbortController();
    const walk = walkFolders(folderOf('a/1', 'b/2'), limits({ signal: stop.signal }));
    await walk.next();
    stop.abort();
    await expect(walk.next()).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('goes on past a folder that cannot be read where somebody takes it, and fails there otherwise', async () => {
    const vanishing = async (onUnreadable?: Parameters<typeof walkFolders>[2]) => {
      const root = folderOf('a/1', 'b/2');
      const found: string[] = [];
      for await (const { path } of walkFolders(root, limits(), onUnreadable)) {
        found.push(path.slice(root.length));
        rmSync(join(root, 'a'), { recursive: true, force: true });
      }
      return found;
    };
    await expect(vanishing()).rejects.toMatchObject({ code: 'storage' });
    const unreadable: string[] = [];
    expect(await vanishing((path) => unreadable.push(path))).toEqual(['', '/b']);
    expect(unreadable).toEqual([expect.stringMatching(/\/a$/)]);
  });
});
