import * as tf from '@tensorflow/tfjs-core';
import { poolingGeometry } from '../pooling-geometry.ts';
import type { WasmKernels } from './wasm-kernels.ts';

/** Replaces the gradient of max pooling: the backend's is lost wherever the maximum of a window is not positive. */
export function registerPoolingKernels(kernels: WasmKernels): void {
  kernels.register(tf.MaxPoolGrad, (inputs, attrs) => {
    const { dy, input, output } = inputs as Record<'dy' | 'input' | 'output', tf.TensorInfo>;
    const g = poolingGeometry(input.shape, attrs);
    const out = kernels.output(input.shape);
    // prettier-ignore
    kernels.run.maxPoolGradient(
      g.batchSize, g.inHeight, g.inWidth, g.inChannels, g.filterHeight, g.filterWidth,
      g.strideHeight, g.strideWidth, g.padInfo.top, g.padInfo.left, g.outHeight, g.outWidth,
      kernels.address(input), kernels.address(output), kernels.address(dy), kernels.address(out),
    );
    return out;
  });
}
