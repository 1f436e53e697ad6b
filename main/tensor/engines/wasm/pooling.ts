import * as tf from '@tensorflow/tfjs-core';
import type { WasmKernels } from './wasm-kernels.ts';

type Shape4D = [number, number, number, number];

interface PoolAttrs extends tf.NamedAttrMap {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode: 'floor' | 'round' | 'ceil';
}

/** Replaces the gradient of max pooling: the backend's is lost wherever the maximum of a window is not positive. */
export function registerPoolingKernels(kernels: WasmKernels): void {
  kernels.register(tf.MaxPoolGrad, (inputs, attrs) => {
    const { dy, input, output } = inputs as Record<'dy' | 'input' | 'output', tf.TensorInfo>;
    const { filterSize, strides, pad, dimRoundingMode } = attrs as PoolAttrs;
    const shape = input.shape as Shape4D;
    const g = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const out = kernels.output(shape);
    // prettier-ignore
    kernels.run.maxPoolGradient(
      g.batchSize, g.inHeight, g.inWidth, g.inChannels, g.filterHeight, g.filterWidth,
      g.strideHeight, g.strideWidth, g.padInfo.top, g.padInfo.left, g.outHeight, g.outWidth,
      kernels.address(input), kernels.address(output), kernels.address(dy), kernels.address(out),
    );
    return out;
  });
}
