import * as tf from '@tensorflow/tfjs-core';
import { poolingGeometry } from '../pooling-geometry.ts';
import type { WasmKernels } from './wasm-kernels.ts';

/** The geometry as the kernels take it. */
function shapeOf(shape: number[], attrs: tf.NamedAttrMap): { numbers: number[]; outShape: number[]; work: number } {
  const g = poolingGeometry(shape, attrs);
  // prettier-ignore
  const numbers = [
    g.batchSize, g.inHeight, g.inWidth, g.inChannels, g.filterHeight, g.filterWidth,
    g.strideHeight, g.strideWidth, g.padInfo.top, g.padInfo.left, g.outHeight, g.outWidth,
  ];
  return {
    numbers,
    outShape: g.outShape,
    work: WINDOW_WORK * tf.util.sizeFromShape(g.outShape) * g.filterHeight * g.filterWidth,
  };
}

/** An element of a window takes about as long as so many multiplications of a matrix product. */
const WINDOW_WORK = 4;

/**
 * Replaces the gradient of max pooling, since the backend's is lost wherever the maximum of a window is not positive, and
 * max pooling itself, for which it has one thread.
 */
export function registerPoolingKernels(kernels: WasmKernels): void {
  const partsFor = (work: number, images: number) => Math.max(1, Math.min(kernels.partsFor(work), images));
  const stockPool = kernels.stock(tf.MaxPool);
  kernels.register(tf.MaxPool, (inputs, attrs) => {
    const x = inputs['x']!;
    if (x.dtype !== 'float32') return stockPool(inputs, attrs);
    const { numbers, outShape, work } = shapeOf(x.shape, attrs);
    const out = kernels.output(outShape);
    const parts = partsFor(work, x.shape[0]!);
    kernels.inParts('maxPool', parts, parts, ...numbers, kernels.address(x), kernels.address(out));
    return out;
  });
  kernels.register(tf.MaxPoolGrad, (inputs, attrs) => {
    const { dy, input, output } = inputs as Record<'dy' | 'input' | 'output', tf.TensorInfo>;
    const { numbers, work } = shapeOf(input.shape, attrs);
    const out = kernels.output(input.shape);
    const parts = partsFor(work, input.shape[0]!);
    const addresses = [input, output, dy, out].map((tensor) => kernels.address(tensor));
    kernels.inParts('maxPoolGradient', parts, parts, ...numbers, ...addresses);
    return out;
  });
}
