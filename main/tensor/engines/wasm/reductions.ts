import * as tf from '@tensorflow/tfjs-core';
import { ownKernels } from '../../own-kernels.ts';
import type { WasmKernels } from './wasm-kernels.ts';

/** An element that is read, and maybe written, takes about as long as so many multiplications of a matrix product. */
const ELEMENT_WORK = 4;

/**
 * Replaces sums over leading axes (gradients of biases), for which the backend would transpose the tensor first, and relu, for
 * which it has one thread, and adds the gradient of relu in one pass.
 */
export function registerReductionKernels(kernels: WasmKernels): void {
  const stockSum = kernels.stock(tf.Sum);
  kernels.register(tf.Sum, (inputs, attrs) => {
    const x = inputs['x']!;
    const { axis, keepDims } = attrs as { axis?: number | number[]; keepDims?: boolean };
    const axes = tf.util.parseAxisParam(axis ?? x.shape.map((_, i) => i), x.shape).sort((p, q) => p - q);
    const count = axes.length;
    const areLeading = count > 0 && count < x.shape.length && axes.every((value, i) => value === i);
    if (!areLeading || x.dtype !== 'float32') return stockSum(inputs, attrs);
    const rows = tf.util.sizeFromShape(x.shape.slice(0, count));
    const rest = x.shape.slice(count);
    const out = kernels.output(keepDims ? [...axes.map(() => 1), ...rest] : rest);
    const columns = tf.util.sizeFromShape(rest);
    // A part is made of whole cache lines of 16 columns.
    const parts = Math.max(1, Math.min(kernels.partsFor(ELEMENT_WORK * rows * columns), Math.ceil(columns / 16)));
    kernels.inParts('sumRows', parts, parts, kernels.address(x), rows, columns, kernels.address(out));
    return out;
  });
  kernels.register(ownKernels.reluGradient, (inputs) => {
    const { dy, x } = inputs as { dy: tf.TensorInfo; x: tf.TensorInfo };
    const out = kernels.output(x.shape);
    const n = tf.util.sizeFromShape(x.shape);
    const parts = kernels.partsFor(ELEMENT_WORK * n);
    kernels.inParts('reluGradient', parts, parts, n, kernels.address(dy), kernels.address(x), kernels.address(out));
    return out;
  });
  const stockRelu = kernels.stock(tf.Relu);
  kernels.register(tf.Relu, (inputs, attrs) => {
    const x = inputs['x']!;
    if (x.dtype !== 'float32') return stockRelu(inputs, attrs);
    const out = kernels.output(x.shape);
    const n = tf.util.sizeFromShape(x.shape);
    const parts = kernels.partsFor(ELEMENT_WORK * n);
    kernels.inParts('relu', parts, parts, n, kernels.address(x), kernels.address(out));
    return out;
  });
}
