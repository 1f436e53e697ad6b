import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CupbearerError } from '../../../shared/errors.ts';

/** The WebAssembly modules that `build.ts` makes, each from the folder of its name under `assembly/`. */
export const kernelModules = ['tensor', 'linalg'] as const;
type KernelModule = (typeof kernelModules)[number];

/** `relaxed-simd` has fused multiply-add; which of the two is taken depends on the machine and Node version alone. */
export type KernelVariant = 'simd' | 'relaxed-simd';

export const kernelsFolder: string = fileURLToPath(new URL('build/', import.meta.url));

export function kernelPath(module: KernelModule, variant: KernelVariant): string {
  return `${kernelsFolder}${module}-${variant}.wasm`;
}

/** What tells these kernels from others: a hash over their sources. Empty where they were not built. */
export function kernelsVersion(): string {
  const path = `${kernelsFolder}sources.sha256`;
  return existsSync(path) ? readFileSync(path, 'utf8').slice(0, 12) : '';
}

function readKernel(module: KernelModule, variant: KernelVariant): Uint8Array<ArrayBuffer> {
  try {
    return readFileSync(kernelPath(module, variant));
  } catch (cause) {
    throw new CupbearerError('engine', `The compute kernels (${module}, ${variant}) have not been built.`, {
      hint: 'Run "npm run build".',
      details: { path: kernelPath(module, variant) },
      cause,
    });
  }
}

/** The fastest variant of a module that this WebAssembly runtime accepts. Throws `engine` where it was not built. */
export function loadKernelModule(module: KernelModule): { module: WebAssembly.Module; variant: KernelVariant } {
  const relaxed = readKernel(module, 'relaxed-simd');
  if (WebAssembly.validate(relaxed)) return { module: new WebAssembly.Module(relaxed), variant: 'relaxed-simd' };
  return { module: new WebAssembly.Module(readKernel(module, 'simd')), variant: 'simd' };
}
