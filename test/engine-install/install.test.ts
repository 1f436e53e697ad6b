import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installTensorflow, type InstallRequest } from '../../main/engine-install/install-tensorflow.ts';
import { listInstallations, removeInstallation, useInstallation } from '../../main/engine-install/installations.ts';
import { createStaging, idFor, putInPlace } from '../../main/engine-install/place-installation.ts';
import { activeInstallation, selectedId } from '../../main/tensor/engines/tensorflow/installation.ts';
import { canCutOff, deadlyTensorflow, withoutCutOff } from '../deadly-tensorflow.ts';
import { outputOf, startChild } from '../storage/child.ts';
import { temporaryFolder } from '../storage/fixtures.ts';
import { withEnvironment } from '../tensorflow.ts';
import { wheelBytes } from './wheel-bytes.ts';

const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const wheelFiles = {
  ...Object.fromEntries(libraries.map((name) => [`tensorflow/${name}`, 'no library'])),
  'tensorflow/include/tensorflow/c/c_api.h': '',
  'tensorflow/include/tensorflow/c/eager/c_api.h': '',
};
const isPosix = process.platform !== 'win32';
const onPosix = isPosix ? '' : ' (skipped on Windows, where no shell script runs)';

/** A wheel's file. */
function wheelFile(bytes: Uint8Array = wheelBytes(wheelFiles)): string {
  const path = join(temporaryFolder(), 'tensorflow_cpu-9.0.0-cp312-cp312-any.whl');
  writeFileSync(path, bytes);
  return path;
}

/** A program in place of the compiler or of NVIDIA's tool. */
function script(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Tries an installation that must fail, in a home of its own where nothing may be left of it. */
async function failure(request: InstallRequest, environment: Record<string, string> = {}): Promise<unknown> {
  const home = temporaryFolder();
  return withEnvironment({ CUPBEARER_HOME: home, CUPBEARER_TENSORFLOW: undefined, ...environment }, async () => {
    const error: unknown = await installTensorflow(request).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(selectedId()).toBe('bundled');
    const folder = join(home, 'engines', 'tensorflow');
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
    return error;
  });
}

/** A compiler that writes what `addon` says in place of an addon. */
const compilerOf = (addon: string) =>
  script('c++', `while [ $# -gt 1 ]; do [ "$1" = -o ] && printf '%s' '${addon}' > "$2"; shift; done; exit 0`);

describe('an installation of TensorFlow that fails says why, and leaves nothing behind', () => {
  it('for want of a compiler', async () => {
    expect(await failure({ wheel: wheelFile() }, { CXX: 'there-is-no-c++' })).toMatchObject({
      code: 'engine',
      message: 'There is no C++ compiler "there-is-no-c++", which the addon has to be built with.',
      hint: expect.stringMatching(/^Install /) as string,
    });
  });

  it('for want of a wheel for this machine, before a compiler is asked for', async () => {
    const arch = Object.getOwnPropertyDescriptor(process, 'arch')!;
    Object.defineProperty(process, 'arch', { ...arch, value: 'riscv64' });
    try {
      expect(await failure({ wheel: '2.21.0', variant: 'cpu' }, { CXX: 'there-is-no-c++' })).toMatchObject({
        code: 'engine',
        message: `There is no Python wheel of TensorFlow with a C library for ${process.platform}-riscv64.`,
        hint: expect.stringContaining('--libtensorflow FOLDER') as string,
      });
    } finally {
      Object.defineProperty(process, 'arch', arch);
    }
  });

  it.skipIf(!isPosix)(`for a compiler that fails${onPosix}`, async () => {
    const compiler = script('c++', '[ "$1" = --version ] && exit 0; echo "x.cc:1: error: no such thing" >&2; exit 1');
    expect(await failure({ wheel: wheelFile() }, { CXX: compiler })).toMatchObject({
      code: 'engine',
      message: `The addon could not be compiled: ${compiler} ended with code 1.`,
      hint: 'It said: x.cc:1: error: no such thing',
    });
  });

  it.skipIf(!isPosix)(`for an addon that does not load${onPosix}`, async () => {
    expect(await failure({ wheel: wheelFile() }, { CXX: compilerOf('junk') })).toMatchObject({
      code: 'engine',
      message: expect.stringMatching(/^This TensorFlow does not load: .*tfjs_binding\.node/) as string,
      hint: expect.stringContaining('It was not installed.') as string,
    });
  });

  it.skipIf(!canCutOff)(`for an addon that ends its process${withoutCutOff}`, async () => {
    const addon = join(deadlyTensorflow(), 'addon', 'tfjs_binding.node');
    const compiler = script('c++', `while [ $# -gt 1 ]; do [ "$1" = -o ] && cp '${addon}' "$2"; shift; done; exit 0`);
    const error = await failure({ wheel: wheelFile() }, { CXX: compiler });
    expect(error).toMatchObject({
      code: 'engine',
      message: expect.stringMatching(/^This TensorFlow ends its process: The process that opened .* by SIG/) as string,
      hint: 'It was not installed. Try another version with --from-wheel VERSION.',
    });
    expect(JSON.stringify(error)).not.toMatch(/resume|middle of the run/);
  });

  describe.skipIf(!isPosix)(`for a wheel${onPosix}`, () => {
    const withCompiler = () => ({ CXX: compilerOf('junk') });

    it('that was cut off', async () => {
      const bytes = wheelBytes(wheelFiles);
      expect(await failure({ wheel: wheelFile(bytes.subarray(0, bytes.length / 2)) }, withCompiler())).toMatchObject({
        code: 'bad-data',
        message: expect.stringMatching(/^"tensorflow_cpu-9\.0\.0-cp312-cp312-any\.whl" is no whole wheel: /) as string,
        hint: expect.stringContaining('fetch it again') as string,
      });
    });

    it('of which a byte was changed', async () => {
      const bytes = Buffer.from(wheelBytes(wheelFiles));
      bytes[bytes.indexOf('no library')] = 0x4e;
      expect(await failure({ wheel: wheelFile(bytes) }, withCompiler())).toMatchObject({
        code: 'bad-data',
        message: expect.stringContaining('libtensorflow_cc.so.2 has SHA-256') as string,
      });
    });

    it('that is not there', async () => {
      const error = await failure({ wheel: join(temporaryFolder(), 'none.whl') }, withCompiler());
      expect(error).toMatchObject({
        code: 'storage',
        message: expect.stringContaining('none.whl') as string,
        hint: 'Check the path.',
      });
    });

    it('without the library', async () => {
      const bytes = wheelBytes({ 'tensorflow/__init__.py': '' });
      expect(await failure({ wheel: wheelFile(bytes) }, withCompiler())).toMatchObject({ code: 'not-found' });
    });

    it('for a GPU, where there is none', async () => {
      const empty = { PATH: temporaryFolder(), ...withCompiler() };
      expect(await failure({ wheel: wheelFile(), variant: 'gpu' }, empty)).toMatchObject({
        code: 'engine',
        message: 'No NVIDIA GPU was found: "nvidia-smi" is not there or names none.',
        hint: expect.stringMatching(/driver of the GPU.*"webgpu".*--cpu/) as string,
      });
    });
  });

  it('for a folder without the library, or without headers', async () => {
    const folder = temporaryFolder();
    const environment = { CXX: 'there-is-no-c++' };
    expect(await failure({ library: folder }, environment)).toMatchObject({
      code: 'not-found',
      message: `There is no TensorFlow library in "${folder}".`,
    });
    mkdirSync(join(folder, 'lib'));
    for (const name of ['libtensorflow.so.2', 'libtensorflow_framework.so.2'])
      writeFileSync(join(folder, 'lib', name), '');
    expect(await failure({ library: folder }, environment)).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('has no headers') as string,
    });
  });
});

/** An installation by the look of it: its addon is no addon. */
function writeInstallation(home: string, id: string, libraryFolder?: string): string {
  const folder = join(home, 'engines', 'tensorflow', id);
  for (const part of ['addon', 'package', 'tensorflow']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'addon', 'tfjs_binding.node'), 'junk');
  writeFileSync(join(folder, 'package', 'package.json'), '{"version":"4.22.0"}');
  const own = libraryFolder === undefined ? {} : { libraryFolder };
  const record = { format: 1, tensorflow: '9.0.0', variant: 'cpu', source: 'a.whl', package: '4.22.0', ...own };
  writeFileSync(join(folder, 'install.json'), JSON.stringify({ ...record, installedAt: new Date().toISOString() }));
  return folder;
}

describe('the place of an installation', () => {
  it('is that of an earlier one only where both are of the same folder or fetched', async () => {
    const home = temporaryFolder();
    await withEnvironment({ CUPBEARER_HOME: home }, () => {
      expect(idFor('9.0.0', 'gpu', '/opt/a')).toBe('tensorflow-9.0.0-own');
      const [a, b] = [temporaryFolder(), temporaryFolder()];
      writeInstallation(home, 'tensorflow-9.0.0-own', a);
      expect(idFor('9.0.0', 'cpu', a)).toBe('tensorflow-9.0.0-own');
      expect(idFor('9.0.0', 'gpu', b)).toBe('tensorflow-9.0.0-own-2');
      writeInstallation(home, 'tensorflow-9.0.0-own-2', b);
      expect(idFor('9.0.0', 'gpu', b)).toBe('tensorflow-9.0.0-own-2');
      expect(idFor('9.0.0', 'gpu', temporaryFolder())).toBe('tensorflow-9.0.0-own-3');
      expect(idFor('9.1.0', 'gpu', b)).toBe('tensorflow-9.1.0-own');
      writeInstallation(home, 'tensorflow-9.0.0-cpu');
      expect(idFor('9.0.0', 'cpu', undefined)).toBe('tensorflow-9.0.0-cpu');
      // What it was is no longer known.
      rmSync(join(home, 'engines', 'tensorflow', 'tensorflow-9.0.0-own', 'install.json'));
      expect(idFor('9.0.0', 'gpu', a)).toBe('tensorflow-9.0.0-own-3');
    });
  });

  it('holds the earlier one until the new one is there', async () => {
    const home = temporaryFolder();
    await withEnvironment({ CUPBEARER_HOME: home }, () => {
      const id = 'tensorflow-9.0.0-cpu';
      const folder = writeInstallation(home, id);
      const staging = createStaging();
      writeFileSync(join(staging, 'new'), '');
      expect(() => putInPlace(`${staging}-gone`, id)).toThrow(expect.objectContaining({ code: 'storage' }));
      expect(readdirSync(folder)).toContain('install.json');
      putInPlace(staging, id);
      expect(readdirSync(folder)).toEqual(['new']);
      expect(readdirSync(join(folder, '..'))).toEqual([id]);
    });
  });

  it('is tidied up after an installation that was killed', async () => {
    const home = temporaryFolder();
    const folder = join(home, 'engines', 'tensorflow');
    const script = `
      import { temporaryPath } from 'STORAGE/temporary-names.ts';
      for (const [path, ending] of [['installation'], ['tensorflow-8.0.0-cpu', 'old'], ['tensorflow-9.0.0-cpu', 'old']])
        console.log(temporaryPath(path, ending));`;
    const [staging, eight, nine] = (await outputOf(startChild(script, []))).split('\n');
    const own = basename(await withEnvironment({ CUPBEARER_HOME: home }, createStaging));
    for (const left of [staging!, '.mine']) mkdirSync(join(folder, left, 'package'), { recursive: true });
    writeInstallation(home, eight!);
    writeInstallation(home, nine!);
    writeFileSync(join(writeInstallation(home, 'tensorflow-9.0.0-cpu'), 'new'), '');
    const installing = withEnvironment({ CUPBEARER_HOME: home, CXX: process.execPath }, () =>
      installTensorflow({ wheel: join(home, 'none.whl'), variant: 'cpu' }),
    );
    await expect(installing).rejects.toMatchObject({ code: 'storage' });
    const kept = ['.mine', own, 'tensorflow-8.0.0-cpu', 'tensorflow-9.0.0-cpu'];
    expect(readdirSync(folder).sort()).toEqual(kept.sort());
    expect(existsSync(join(folder, 'tensorflow-9.0.0-cpu', 'new'))).toBe(true);
  });
});

describe('installations', () => {
  it('are listed, switched to and removed', async () => {
    const home = temporaryFolder();
    await withEnvironment({ CUPBEARER_HOME: home }, () => {
      writeInstallation(home, 'tensorflow-9.0.0-cpu');
      expect(listInstallations()).toMatchObject([
        { id: 'bundled', active: true },
        { id: 'tensorflow-9.0.0-cpu', active: false, record: { tensorflow: '9.0.0' } },
      ]);
      useInstallation('tensorflow-9.0.0-cpu');
      expect(selectedId()).toBe('tensorflow-9.0.0-cpu');
      useInstallation('bundled');
      expect(selectedId()).toBe('bundled');
      useInstallation('tensorflow-9.0.0-cpu');
      removeInstallation('tensorflow-9.0.0-cpu');
      expect(selectedId()).toBe('bundled');
      expect(listInstallations().map(({ id }) => id)).toEqual(['bundled']);
    });
  });

  it.skipIf(!isPosix)(
    `that another user could change are neither made nor loaded${isPosix ? '' : ' (skipped on Windows)'}`,
    async () => {
      const home = temporaryFolder();
      writeInstallation(home, 'tensorflow-9.0.0-cpu');
      await withEnvironment({ CUPBEARER_HOME: home, CUPBEARER_TENSORFLOW: undefined }, async () => {
        useInstallation('tensorflow-9.0.0-cpu');
        expect(activeInstallation().id).toBe('tensorflow-9.0.0-cpu');
        chmodSync(home, 0o777);
        const refused = { code: 'engine', message: expect.stringContaining(`from "${home}": other users`) as string };
        expect(() => activeInstallation()).toThrow(expect.objectContaining(refused));
        const wheel = wheelFile();
        await withEnvironment({ CXX: compilerOf('') }, () =>
          expect(installTensorflow({ wheel, variant: 'cpu' })).rejects.toMatchObject(refused),
        );
      });
    },
  );

  it('that are not there cannot be used or removed', async () => {
    await withEnvironment({ CUPBEARER_HOME: temporaryFolder() }, () => {
      for (const change of [useInstallation, removeInstallation])
        expect(() => change('tensorflow-1.0.0-cpu')).toThrow(expect.objectContaining({ code: 'usage' }));
      expect(() => removeInstallation('bundled')).toThrow(expect.objectContaining({ code: 'usage' }));
    });
  });

  it('that lost a part are listed with what is missing, and cannot be used', async () => {
    const home = temporaryFolder();
    const folder = writeInstallation(home, 'tensorflow-9.0.0-cpu');
    writeFileSync(join(folder, 'install.json'), '{"format": 2}');
    await withEnvironment({ CUPBEARER_HOME: home }, () => {
      expect(listInstallations()[1]).toMatchObject({ fault: expect.stringContaining('is damaged') as string });
      expect(() => useInstallation('tensorflow-9.0.0-cpu')).toThrow(expect.objectContaining({ code: 'bad-data' }));
    });
  });
});
