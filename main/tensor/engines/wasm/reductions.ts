import * as tf from '@tensorflow/tfjs-core';
import { ownKernels } from '../../own-kernels.ts';
import type { WasmKernels } from './wasm-kernels.ts';

/**
 * Replaces sums over leading axes (gradients of biases), for which the backend would transpose the tensor first, and
 * adds the gradient of relu in one pass.
 */
export function registerReductionKernels(kernels: WasmKernels): void {
  const stockSum = kernels.stock(tf.Sum);
  kernels.register(tf.Sum, (inputs, attrs) => {
    const x = inputs['x']!;
    const { axis, keepDims } = attrs as { axis?: number | number[]; keepDims?: boolean };
    const axes = tf.util.parseAxisParam(axis ?? x.shape.map((_, i) => i), x.shape).sort((p, q) => p - q);
    const count = axes.length;
    const areLeading = count > 0 && count < x.shape.length && axes.every((value, i) => value === i);
    const size = tf.util.sizeFromShape(x.shape);
    if (!areLeading || x.dtype !== 'float32' || size === 0) return stockSum(inputs, attrs);
    const rest = x.shape.slice(count);
    const out = kernels.output(keepDims ? [...axes.map(() => 1), ...rest] : rest);
    const columns = tf.util.sizeFromShape(rest);
    kernels.run.sumRows(kernels.address(x), size / columns, columns, kernels.address(out));
    return out;
  });
  kernels.register(ownKernels.reluGradient, (inputs) => {
    const { dy, x } = inputs as { dy: tf.TensorInfo; x: tf.TensorInfo };
    const out = kernels.output(x.shape);
    const n = tf.util.sizeFromShape(x.shape);
    kernels.run.reluGradient(n, kernels.address(dy), kernels.address(x), kernels.address(out));
    return out;
  });
}
