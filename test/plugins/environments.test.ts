import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { environmentOf, findEnvironments } from '../../main/plugins/environments.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-environments-'));
  vi.stubEnv('HOME', join(place, 'home'));
  vi.stubEnv('PATH', join(place, 'bin'));
  for (const name of ['PYTHON', 'VIRTUAL_ENV', 'CONDA_PREFIX']) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true, force: true });
});

/** A program that answers as a Python of this version does. */
function python(folder: string, answer: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'python3');
  writeFileSync(path, `#!/bin/sh\necho '${answer}'\n`);
  chmodSync(path, 0o755);
  return path;
}

const has = (version: string, numpy: string | null = '2.4.1', missing: string[] = []) =>
  JSON.stringify({ version, numpy, missing });

function venv(folder: string, packages: readonly string[]): string {
  const libraries = join(folder, 'lib', 'python3.13', 'site-packages');
  for (const name of packages) mkdirSync(join(libraries, `${name}.dist-info`), { recursive: true });
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'pyvenv.cfg'), 'home = /usr/bin\nversion = 3.13.1\n');
  const path = join(folder, 'bin', 'python');
  writeFileSync(path, `#!/bin/sh\ntouch ${join(place, 'has-run')}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe.skipIf(process.platform === 'win32')('the Pythons that a plugin can run in', () => {
  it('are the one of its own folder, read and not run, then those that are found', async () => {
    const folder = join(place, 'plugin');
    const own = venv(join(folder, '.venv'), ['numpy-2.4.0', 'scikit_learn-1.8.0']);
    const system = python(join(place, 'bin'), has('3.12.4', '2.1.0', ['scikit-learn']));
    const conda = python(join(place, 'home', 'miniconda3', 'envs', 'probes', 'bin'), has('3.12.4'));
    const found = await findEnvironments({ folder, packages: ['scikit-learn>=1'] });
    expect(found).toEqual([
      { python: own, title: '.venv of the plugin', version: '3.13.1', numpy: '2.4.0', missing: [] },
      { python: conda, title: 'conda: probes', version: '3.12.4', numpy: '2.4.1', missing: [] },
      { python: system, title: 'system', version: '3.12.4', numpy: '2.1.0', missing: ['scikit-learn'] },
    ]);
    expect(existsSync(join(place, 'has-run'))).toBe(false);
  });

  it('say why they cannot be used', async () => {
    const old = python(join(place, 'old', 'bin'), has('3.9.18'));
    const bare = python(join(place, 'bin'), has('3.12.4', null));
    vi.stubEnv('PYTHON', old);
    const found = await findEnvironments({ folder: place.concat('-none') });
    expect(found.map(({ python: path, problem }) => [path, problem])).toEqual([
      [old, 'Python 3.9.18 is too old: 3.10 or later is needed.'],
      [bare, `Has no numpy. To install it: ${bare} -m pip install numpy`],
    ]);
  });

  it.each(['', '[]', '{"version": 3}', 'Segmentation fault'])('pass over what answers %j', async (answer) => {
    python(join(place, 'bin'), answer);
    expect(await findEnvironments({ folder: join(place, 'none') })).toEqual([]);
  });

  it('may be gone', async () => {
    const gone = join(place, 'gone', 'python');
    expect(await environmentOf(gone, { folder: place })).toMatchObject({ python: gone, problem: /not there any more/ });
  });
});
