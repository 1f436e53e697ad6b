import * as tf from '@tensorflow/tfjs-core';
import type { WasmKernels } from './wasm-kernels.ts';

/**
 * Replaces the identity, which `clone` and the saving of tensors for gradients use, and which the backend makes a copy:
 * a second reference to the same data does, as in its reshape.
 */
export function registerIdentityKernel(kernels: WasmKernels): void {
  kernels.register(tf.Identity, (inputs) => {
    const { dataId, shape, dtype } = inputs['x']!;
    kernels.backend.incRef(dataId);
    return { dataId, shape, dtype };
  });
}
