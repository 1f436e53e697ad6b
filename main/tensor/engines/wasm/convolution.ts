import * as tf from '@tensorflow/tfjs-core';
import { ownKernels } from '../../own-kernels.ts';
import { convolutionGeometry, type ConvAttrs } from '../convolution-geometry.ts';
import { applyActivation, fusedActivations } from './mat-mul.ts';
import type { ConvShape, WasmKernels } from './wasm-kernels.ts';

/** The geometry as the kernels take it. */
function shapeOf(g: tf.backend_util.Conv2DInfo): ConvShape {
  // prettier-ignore
  return [
    g.batchSize, g.inHeight, g.inWidth, g.inChannels, g.filterHeight, g.filterWidth,
    g.strideHeight, g.strideWidth, g.padInfo.top, g.padInfo.left, g.outHeight, g.outWidth, g.outChannels,
  ];
}

/** Runs `action` with the scratch memory that the threads need for a convolution. */
function withScratch(kernels: WasmKernels, g: tf.backend_util.Conv2DInfo, action: (scratch: number) => void): void {
  const patch = g.filterHeight * g.filterWidth * g.inChannels;
  kernels.withScratch(kernels.threads * kernels.run.convScratchBytes(patch), action);
}

/** Multiplications of a float32 product, as many as one of float64 takes the time of: registers hold twice as many numbers. */
function workOf(g: tf.backend_util.Conv2DInfo): number {
  return (tf.util.sizeFromShape(g.filterShape) * g.batchSize * g.outHeight * g.outWidth) / 2;
}

/** Sums that the gradient of a filter is made of take no more memory than this, floats. */
const MOST_SUMS = 2 ** 22;

/**
 * Of how many sums the gradient of a filter is made, each over its share of the positions. In which order numbers are added
 * follows from it, so that it must not depend on the number of threads.
 */
function filterParts(g: tf.backend_util.Conv2DInfo): number {
  const size = tf.util.sizeFromShape(g.filterShape);
  return Math.max(1, Math.min(8, Math.floor(workOf(g) / 1e6), Math.floor(MOST_SUMS / Math.max(1, size))));
}

function isDilated({ dilations = 1 }: ConvAttrs): boolean {
  return [dilations].flat().some((dilation) => dilation !== 1);
}

function convolve(
  kernels: WasmKernels,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  attrs: ConvAttrs,
  bias: tf.TensorInfo | undefined,
  activation: number,
): tf.TensorInfo {
  const g = convolutionGeometry(x.shape, filter.shape, attrs);
  if (bias !== undefined && tf.util.sizeFromShape(bias.shape) !== g.outChannels)
    throw new Error(`conv2d takes a bias of ${g.outChannels} elements, got [${bias.shape.join(', ')}].`);
  const out = kernels.output(g.outShape);
  const addressBias = bias === undefined ? 0 : kernels.address(bias);
  const [from, weights, to] = [x, filter, out].map((tensor) => kernels.address(tensor)) as [number, number, number];
  const parts = kernels.partsFor(workOf(g));
  withScratch(kernels, g, (scratch) =>
    kernels.inParts('conv2d', parts, parts, ...shapeOf(g), from, weights, addressBias, activation, to, scratch),
  );
  return out;
}

/**
 * Replaces the convolutions by products over patches, and adds the gradient of the filter, which the backend lacks.
 * Dilated ones stay with the backend, which has their forward pass alone.
 */
export function registerConvolutionKernels(kernels: WasmKernels): void {
  const stockConv = kernels.stock(tf.Conv2D);
  kernels.register(tf.Conv2D, (inputs, attrs) =>
    isDilated(attrs as ConvAttrs)
      ? stockConv(inputs, attrs)
      : convolve(kernels, inputs['x']!, inputs['filter']!, attrs as ConvAttrs, undefined, 0),
  );
  const stockFused = kernels.stock(tf.FusedConv2D);
  kernels.register(tf.FusedConv2D, (inputs, attrs) => {
    if (isDilated(attrs as ConvAttrs)) return stockFused(inputs, attrs);
    const activation = attrs['activation'] as string;
    const code = fusedActivations[activation];
    const out = convolve(kernels, inputs['x']!, inputs['filter']!, attrs as ConvAttrs, inputs['bias'], code ?? 0);
    if (code !== undefined) return out;
    const alpha = attrs['leakyreluAlpha'] as number | undefined;
    return applyActivation(kernels, out, activation, inputs['preluActivationWeights'], alpha);
  });
  kernels.register(ownKernels.convolution, ({ x, filter, bias }, attrs) =>
    convolve(kernels, x!, filter!, attrs as ConvAttrs, bias, 0),
  );
  kernels.register(tf.Conv2DBackpropInput, (inputs, attrs) => {
    const [dy, filter] = [inputs['dy']!, inputs['filter']!];
    const g = convolutionGeometry(attrs['inputShape'] as number[], filter.shape, attrs as ConvAttrs);
    const out = kernels.output(g.inShape);
    const [from, weights, to] = [dy, filter, out].map((tensor) => kernels.address(tensor)) as [number, number, number];
    const parts = Math.max(1, Math.min(kernels.partsFor(workOf(g)), g.batchSize));
    withScratch(kernels, g, (scratch) =>
      kernels.inParts('conv2dInputGradient', parts, parts, ...shapeOf(g), from, weights, to, scratch),
    );
    return out;
  });
  kernels.register(tf.Conv2DBackpropFilter, (inputs, attrs) => {
    const [x, dy] = [inputs['x']!, inputs['dy']!];
    const g = convolutionGeometry(x.shape, attrs['filterShape'] as number[], attrs as ConvAttrs);
    const out = kernels.output(g.filterShape);
    const [from, gradient, to] = [x, dy, out].map((tensor) => kernels.address(tensor)) as [number, number, number];
    const size = tf.util.sizeFromShape(g.filterShape);
    const parts = filterParts(g);
    withScratch(kernels, g, (scratch) =>
      kernels.withScratch(4 * size * parts, (sums) => {
        kernels.inParts('conv2dFilterGradient', parts, parts, ...shapeOf(g), from, gradient, sums, scratch);
        kernels.run.addFilters(size, parts, sums, to);
      }),
    );
    return out;
  });
}
