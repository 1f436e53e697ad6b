import { spawnSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { forkProcess } from '../../main/jobs/child-process.ts';
import { cacheFolder, isPrivate, withoutPrivate } from '../private-cache.ts';
import { temporaryFolder } from '../storage/fixtures.ts';
import { withEnvironment } from '../tensorflow.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function ownFolder(): string {
  mkdirSync(cacheFolder, { recursive: true });
  const folder = mkdtempSync(join(cacheFolder, 'home-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the program where `temporary` stands for the system's temporary folder. */
function help(home: string, temporary: string): void {
  const { NODE_COMPILE_CACHE: _, ...inherited } = process.env;
  const { status } = spawnSync(process.execPath, [join(root, 'main', 'hosts', 'cli', 'launch.mjs'), '--help'], {
    env: { ...inherited, CUPBEARER_HOME: home, TMPDIR: temporary, TEMP: temporary },
  });
  expect(status).toBe(0);
}

/** Where a process that this one starts keeps compiled code. */
function cacheOfChild(): Promise<string | undefined> {
  const entry = join(temporaryFolder(), 'entry.mjs');
  writeFileSync(
    entry,
    `import module from 'node:module';
     process.send({ cache: module.getCompileCacheDir() });
     process.disconnect();`,
  );
  return new Promise((resolve) => {
    forkProcess<never, { cache?: string }>(entry).onMessage(({ cache }) => resolve(cache));
  });
}

describe('compiled code', () => {
  it.skipIf(!isPrivate)(`is kept in the home of the program${withoutPrivate}`, () => {
    const [home, temporary] = [ownFolder(), temporaryFolder()];
    help(home, temporary);
    expect(readdirSync(join(home, 'compile-cache'))).toHaveLength(1);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('is not kept where the home is below a shared folder', () => {
    const [place, temporary] = [temporaryFolder(), temporaryFolder()];
    help(join(place, 'home'), temporary);
    expect(existsSync(join(place, 'home'))).toBe(false);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it.skipIf(!isPrivate)(`is kept by child processes where their host says${withoutPrivate}`, async () => {
    const home = ownFolder();
    const shared = join(tmpdir(), 'node-compile-cache');
    const inHome = await withEnvironment({ CUPBEARER_HOME: home, NODE_COMPILE_CACHE: shared }, cacheOfChild);
    expect(inHome).toContain(join(home, 'compile-cache'));
    const nowhere = { CUPBEARER_HOME: temporaryFolder(), NODE_COMPILE_CACHE: shared };
    expect(await withEnvironment(nowhere, cacheOfChild)).toBeUndefined();
  });
});

it('nothing has a name of its own in the shared temporary folder, where others could be first', () => {
  const files = globSync('main/**/*.{ts,mjs}', { cwd: root });
  expect(files.length).toBeGreaterThan(100);
  const uses = files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .filter((line) => line.includes('tmpdir()'))
      .map((line) => ({ file, line: line.trim() })),
  );
  // mkdtemp invents a name and creates the folder for this user alone.
  expect(uses.filter(({ line }) => !/mkdtemp(Sync)?\(join\(tmpdir\(\), /.test(line))).toEqual([]);
});
