import { ownKernels } from '../../own-kernels.ts';
import type { WasmKernels } from './wasm-kernels.ts';

/** Registers the search for the nearest among products, which changes what was found before in place and has no output. */
export function registerNearestKernels(kernels: WasmKernels): void {
  kernels.register(ownKernels.keepNearest, (inputs, attrs) => {
    const { products, halves, keys, indices } = inputs as Record<string, NonNullable<(typeof inputs)[string]>>;
    const { row, start, leftOut } = attrs as Record<string, number>;
    const [m, n] = products!.shape as [number, number];
    const k = keys!.shape[1]!;
    const parts = kernels.partsFor(m * n);
    const offset = 4 * row! * k;
    // prettier-ignore
    kernels.inParts(
      'keepNearest', parts, parts, kernels.address(products!), m, n, kernels.address(halves!), start!, leftOut!,
      k, kernels.address(keys!) + offset, kernels.address(indices!) + offset,
    );
    return [];
  });
}
