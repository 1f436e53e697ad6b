import * as tf from '@tensorflow/tfjs-core';
import type { WasmKernels } from './wasm-kernels.ts';

type Shape4D = [number, number, number, number];
type Pad = Parameters<typeof tf.backend_util.computePool2DInfo>[4];

interface PoolAttrs extends tf.NamedAttrMap {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: Pad & tf.Attribute;
  dimRoundingMode: 'floor' | 'round' | 'ceil';
}

/** The geometry as tfjs works it out, and as the kernels take it. */
function geometry(shape: number[], attrs: PoolAttrs) {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const g = tf.backend_util.computePool2DInfo(shape as Shape4D, filterSize, strides, 1, pad, dimRoundingMode);
  // prettier-ignore
  const numbers = [
    g.batchSize, g.inHeight, g.inWidth, g.inChannels, g.filterHeight, g.filterWidth,
    g.strideHeight, g.strideWidth, g.padInfo.top, g.padInfo.left, g.outHeight, g.outWidth,
  ] as const;
  return { outShape: g.outShape, numbers };
}

/** Replaces max pooling: the backend's gradient is lost wherever the maximum of a window is not positive. */
export function registerPoolingKernels(kernels: WasmKernels): void {
  kernels.register(tf.MaxPool, (inputs, attrs) => {
    const x = inputs['x']!;
    if (x.dtype !== 'float32') throw new Error(`maxPool takes a float32 tensor, got ${x.dtype}.`);
    const { outShape, numbers } = geometry(x.shape, attrs as PoolAttrs);
    const out = kernels.output(outShape);
    kernels.run.maxPool(...numbers, kernels.address(x), kernels.address(out));
    return out;
  });
  kernels.register(tf.MaxPoolGrad, (inputs, attrs) => {
    const { dy, input, output } = inputs as Record<'dy' | 'input' | 'output', tf.TensorInfo>;
    const { numbers } = geometry(input.shape, attrs as PoolAttrs);
    const out = kernels.output(input.shape);
    const [x, y, gradient, to] = [input, output, dy, out].map((tensor) => kernels.address(tensor)) as Shape4D;
    kernels.run.maxPoolGradient(...numbers, x, y, gradient, to);
    return out;
  });
}
