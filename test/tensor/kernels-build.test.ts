import { existsSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildKernels } from '../../main/tensor/kernels/build.ts';
import { kernelModules, kernelPath, loadKernelModule } from '../../main/tensor/kernels/modules.ts';

describe('kernel modules', () => {
  it('are built once and left alone while their sources are the same', async () => {
    await buildKernels();
    const paths = kernelModules.flatMap((module) => [kernelPath(module, 'simd'), kernelPath(module, 'relaxed-simd')]);
    for (const path of paths) expect(existsSync(path)).toBe(true);
    const times = paths.map((path) => statSync(path).mtimeMs);
    expect(await buildKernels()).toBe(false);
    expect(paths.map((path) => statSync(path).mtimeMs)).toEqual(times);
  });

  it.each(kernelModules)('import nothing but memory and a way to stop: %s', (name) => {
    const { module } = loadKernelModule(name);
    const imports = WebAssembly.Module.imports(module).map(({ name }) => name);
    expect(imports).toContain('memory');
    expect(['memory', 'abort']).toEqual(expect.arrayContaining(imports));
  });
});
