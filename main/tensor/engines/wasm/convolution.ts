import * as tf from '@tensorflow/tfjs-core';
import { ownKernels } from '../../own-kernels.ts';
import { convolutionGeometry, type ConvAttrs } from '../convolution-geometry.ts';
import { applyActivation, fusedActivations } from './mat-mul.ts';
import type { WasmKernels } from './wasm-kernels.ts';

/** Tells the kernels the geometry and runs `action` with the scratch memory they need for it. */
function withGeometry(kernels: WasmKernels, g: tf.backend_util.Conv2DInfo, action: (patches: number) => void): void {
  // prettier-ignore
  kernels.run.convShape(
    g.batchSize, g.inHeight, g.inWidth, g.inChannels, g.filterHeight, g.filterWidth,
    g.strideHeight, g.strideWidth, g.padInfo.top, g.padInfo.left, g.outHeight, g.outWidth, g.outChannels,
  );
  kernels.withScratch(kernels.run.convScratchBytes(), action);
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
  withGeometry(kernels, g, (patches) => {
    const addressBias = bias === undefined ? 0 : kernels.address(bias);
    const [from, weights, to] = [x, filter, out].map((tensor) => kernels.address(tensor)) as [number, number, number];
    kernels.run.conv2d(from, weights, addressBias, activation, to, patches, kernels.sgemmScratch);
  });
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
    withGeometry(kernels, g, (patches) => {
      const [from, weights, to] = [dy, filter, out].map((tensor) => kernels.address(tensor)) as [
        number,
        number,
        number,
      ];
      kernels.run.conv2dInputGradient(from, weights, g.batchSize, to, patches, kernels.sgemmScratch);
    });
    return out;
  });
  kernels.register(tf.Conv2DBackpropFilter, (inputs, attrs) => {
    const [x, dy] = [inputs['x']!, inputs['dy']!];
    const g = convolutionGeometry(x.shape, attrs['filterShape'] as number[], attrs as ConvAttrs);
    const out = kernels.output(g.filterShape);
    withGeometry(kernels, g, (patches) => {
      const [from, gradient, to] = [x, dy, out].map((tensor) => kernels.address(tensor)) as [number, number, number];
      kernels.run.conv2dFilterGradient(from, gradient, to, patches, kernels.sgemmScratch);
    });
    return out;
  });
}
