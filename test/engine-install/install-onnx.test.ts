import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installOnnx, onnxVersion } from '../../main/engine-install/install-onnx.ts';
import { installedRuntimes, OnnxRuntime, testRuntime } from '../../main/models/onnx/runtime.ts';
import { onnxFolder, withoutOnnx } from '../onnx.ts';
import { temporaryFolder } from '../storage/fixtures.ts';
import { withEnvironment } from '../tensorflow.ts';

/** Tries an installation that must fail, in a home of its own where nothing may be left of it. */
async function failure(folder: string): Promise<unknown> {
  const home = temporaryFolder();
  return withEnvironment({ CUPBEARER_HOME: home, CUPBEARER_ONNX: undefined }, async () => {
    const error: unknown = await installOnnx({ folder }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(installedRuntimes()).toEqual([]);
    expect(readdirSync(join(home, 'engines', 'onnx'))).toEqual([]);
    return error;
  });
}

describe('an installation of ONNX Runtime that fails says why, and leaves nothing behind', () => {
  it('for want of an archive', async () => {
    const folder = temporaryFolder();
    expect(await failure(folder)).toMatchObject({
      code: 'not-found',
      message: `There is no file "${join(folder, `onnxruntime-node-${onnxVersion}.tgz`)}".`,
      hint: `Fetch the archives elsewhere: npm pack onnxruntime-node@${onnxVersion} onnxruntime-common@${onnxVersion}`,
    });
  });

  it('for another archive than the one that is known', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, `onnxruntime-node-${onnxVersion}.tgz`), 'another');
    expect(await failure(folder)).toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(
        /: expected an archive with SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}\.$/,
      ) as string,
    });
  });
});

describe('ONNX Runtime', () => {
  it('is not there until it is installed', async () => {
    await withEnvironment({ CUPBEARER_HOME: temporaryFolder(), CUPBEARER_ONNX: undefined }, () => {
      expect(() => OnnxRuntime.open()).toThrow('The model is an ONNX graph, and ONNX Runtime is not installed.');
    });
  });

  it('says that it does not load where its folder is not whole', () => {
    const folder = temporaryFolder();
    expect(() => OnnxRuntime.open(folder)).toThrow(/^ONNX Runtime in ".*" does not load: /);
  });

  it.skipIf(onnxFolder === undefined)(`computes what it is tested with${withoutOnnx}`, async () => {
    const { version } = await testRuntime({ folder: onnxFolder! });
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const bin = join(onnxFolder!, 'node_modules', 'onnxruntime-node', 'bin', 'napi-v6');
    expect(readdirSync(bin)).toEqual([process.platform]);
    expect(existsSync(join(onnxFolder!, 'scratch'))).toBe(false);
  });
});
