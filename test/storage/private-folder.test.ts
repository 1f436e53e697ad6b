import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { compileCacheFolder } from '../../main/storage/compile-cache.mjs';
import { exposedFolder, privateFolder } from '../../main/storage/private-folder.mjs';
import { cacheFolder, isPrivate, withoutPrivate } from '../private-cache.ts';
import { temporaryFolder } from './fixtures.ts';

/** A user that is neither this one nor the administrator. */
const stranger = 54321;

let place: string;
beforeEach(() => {
  mkdirSync(cacheFolder, { recursive: true });
  place = mkdtempSync(join(cacheFolder, 'private-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
});

/** A folder in the test's own one, with permissions that no umask has a say in. */
function folder(mode: number, ...names: string[]): string {
  const path = join(place, ...names);
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  return path;
}

/** Sees to it that a folder is not that of the user whose number it returns, nor the administrator's. */
function anotherThanOwner(path: string): number {
  if (process.getuid!() !== 0) return stranger;
  chownSync(path, stranger, stranger);
  return 0;
}

const permissions = (path: string) => lstatSync(path).mode & 0o777;

describe.skipIf(!isPrivate)(`a private folder${withoutPrivate}`, () => {
  it('is created with those above it, for this user alone', () => {
    const path = join(place, 'home', 'cache');
    expect(privateFolder(path)).toBe(path);
    expect([path, dirname(path)].map(permissions)).toEqual([0o700, 0o700]);
    expect(privateFolder(path)).toBe(path);
  });

  it('is where a link to it leads', () => {
    const path = folder(0o700, 'real');
    symlinkSync(path, join(place, 'link'));
    expect(privateFolder(join(place, 'link', 'cache'))).toBe(join(path, 'cache'));
  });

  it.each<[string, () => string]>([
    ['below a folder that everybody may write to', () => join(folder(0o777, 'open'), 'cache')],
    ['below one in which nobody may remove what is not theirs', () => join(folder(0o1777, 'sticky'), 'cache')],
    ['below either, though nobody gets there', () => (folder(0o777, 'closed', 'open'), chmodSync(join(place, 'closed'), 0o700), join(place, 'closed', 'open', 'cache'))],
    ['in the temporary folder', () => join(temporaryFolder(), 'cache')],
    ['that others may write to', () => folder(0o777, 'cache')],
    ['that a group may write to', () => folder(0o770, 'cache')],
    ['behind a link to such a folder', () => (symlinkSync(folder(0o1777, 'sticky'), join(place, 'link')), join(place, 'link', 'cache'))],
    ['that is a file', () => (writeFileSync(join(place, 'cache'), ''), join(place, 'cache'))],
    ['behind a link to nowhere', () => (symlinkSync(join(place, 'nowhere'), join(place, 'link')), join(place, 'link', 'cache'))],
    ['in a file system that takes no folders', () => '/proc/cupbearer/cache'],
  ])('is never one %s', (_, path) => {
    const asked = path();
    const before = existsSync(asked);
    expect(privateFolder(asked)).toBeUndefined();
    expect(existsSync(asked)).toBe(before);
  }); // prettier-ignore

  it('is never one of another user', () => {
    const path = join(place, 'cache');
    expect(privateFolder(path, anotherThanOwner(place))).toBeUndefined();
    expect(existsSync(path)).toBe(false);
  });
});

/** Whether the temporary folder is one for all users, each of whom removes what is theirs. */
const isShared = isPrivate && (lstatSync(tmpdir()).mode & 0o1003) === 0o1003;
const withoutShared = isShared ? '' : ' (skipped: every user has a temporary folder of their own here)';

describe.skipIf(!isShared)(`code in a folder${withoutShared}`, () => {
  /** A folder in a new one in the temporary folder, with its permissions and those of the one above it. */
  const below = (above: number, mode: number) => {
    const outer = temporaryFolder();
    const inner = join(outer, 'inner');
    mkdirSync(inner);
    chmodSync(inner, mode);
    chmodSync(outer, above);
    return { outer, inner };
  };

  it('is not exposed in a temporary folder of this user, whose name nobody else can take', () => {
    expect(exposedFolder(below(0o755, 0o755).inner)).toBeUndefined();
  });

  it('is exposed by the topmost folder that others may write to', () => {
    const { outer, inner } = below(0o777, 0o777);
    expect(exposedFolder(inner)).toBe(outer);
    const second = below(0o755, 0o777);
    expect(exposedFolder(second.inner)).toBe(second.inner);
  });

  it('is not exposed below a folder that only this user gets into', () => {
    expect(exposedFolder(below(0o700, 0o777).inner)).toBeUndefined();
  });

  it('is exposed by a folder of another user', () => {
    const { outer, inner } = below(0o755, 0o755);
    expect(exposedFolder(inner, anotherThanOwner(outer))).toBe(outer);
  });
});

describe.skipIf(!isPrivate)(`the folder for compiled code${withoutPrivate}`, () => {
  const of = (env: Record<string, string>, home = folder(0o700, 'user')) =>
    compileCacheFolder({ platform: 'linux', env, home });

  it('lies in the home of the program', () => {
    expect(of({})).toBe(join(place, 'user', '.local', 'share', 'cupbearer', 'compile-cache'));
    expect(of({ CUPBEARER_HOME: join(place, 'mine') })).toBe(join(place, 'mine', 'compile-cache'));
    expect(of({ XDG_DATA_HOME: join(place, 'data') })).toBe(join(place, 'data', 'cupbearer', 'compile-cache'));
  });

  it('is the one that the environment names where that is as safe', () => {
    const own = join(place, 'own');
    expect(of({ NODE_COMPILE_CACHE: own, CUPBEARER_HOME: join(place, 'mine') })).toBe(own);
    const shared = join(tmpdir(), 'node-compile-cache');
    const instead = of({ NODE_COMPILE_CACHE: shared, CUPBEARER_HOME: join(place, 'mine') });
    expect(instead).toBe(join(place, 'mine', 'compile-cache'));
  });

  it('is on Windows in the profile of the user, whatever the environment names', () => {
    const env = { LOCALAPPDATA: join(place, 'local'), CUPBEARER_HOME: join(place, 'mine'), NODE_COMPILE_CACHE: place };
    const found = compileCacheFolder({ platform: 'win32', env, home: place });
    expect(found).toBe(join(place, 'local', 'Cupbearer', 'compile-cache'));
  });

  it('is nowhere below a folder that all users may write to', () => {
    const shared = [folder(0o777, 'open'), folder(0o1777, 'sticky'), temporaryFolder(), tmpdir()];
    for (const base of shared) {
      expect(of({ CUPBEARER_HOME: join(base, 'home') })).toBeUndefined();
      expect(of({ XDG_DATA_HOME: base })).toBeUndefined();
      expect(of({ NODE_COMPILE_CACHE: base, CUPBEARER_HOME: base })).toBeUndefined();
      expect(of({}, base)).toBeUndefined();
    }
  });
});
