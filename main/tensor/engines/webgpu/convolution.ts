import * as tf from '@tensorflow/tfjs-core';
import { convolutionGeometry, type ConvAttrs } from '../convolution-geometry.ts';
import type { Shader, WebGpuKernels } from './kernels.ts';

/** A thread sums one weight's products over its share of the rows of `dy`, of all images. */
const filterGradient: Shader = {
  name: 'filter_gradient',
  inputs: ['x', 'dy'],
  numbers: [
    ...['size', 'share', 'images', 'inHeight', 'inWidth', 'inChannels', 'outHeight', 'outWidth', 'outChannels'],
    ...['filterWidth', 'strideHeight', 'strideWidth', 'top', 'left'],
  ],
  body: `
    let size = i32(uniforms.size);
    let inWidth = i32(uniforms.inWidth);
    let inChannels = i32(uniforms.inChannels);
    let outHeight = i32(uniforms.outHeight);
    let outWidth = i32(uniforms.outWidth);
    let outChannels = i32(uniforms.outChannels);
    let weight = index % size;
    let outChannel = weight % outChannels;
    let inChannel = (weight / outChannels) % inChannels;
    let tap = weight / (outChannels * inChannels);
    let tapY = tap / i32(uniforms.filterWidth);
    let tapX = tap % i32(uniforms.filterWidth);
    let first = index / size * i32(uniforms.share);
    let end = min(first + i32(uniforms.share), i32(uniforms.images) * outHeight);
    var sum = 0.0;
    for (var row = first; row < end; row++) {
      let y = row % outHeight * i32(uniforms.strideHeight) + tapY - i32(uniforms.top);
      if (y < 0 || y >= i32(uniforms.inHeight)) { continue; }
      let xRow = (row / outHeight * i32(uniforms.inHeight) + y) * inWidth;
      for (var column = 0; column < outWidth; column++) {
        let at = column * i32(uniforms.strideWidth) + tapX - i32(uniforms.left);
        if (at < 0 || at >= inWidth) { continue; }
        sum += x[(xRow + at) * inChannels + inChannel] * dy[(row * outWidth + column) * outChannels + outChannel];
      }
    }
    result[index] = sum;`,
};

const sumOfShares: Shader = {
  name: 'sum_of_shares',
  inputs: ['x'],
  numbers: ['shares'],
  body: `
    var sum = 0.0;
    for (var i = 0; i < i32(uniforms.shares); i++) { sum += x[i * uniforms.threads + index]; }
    result[index] = sum;`,
};

/** Threads that keep a large GPU busy. */
const manyThreads = 2 ** 18;

/**
 * Replaces the gradient of the filter. The package has one thread sum a weight's products over the whole batch: a few hundred
 * threads with a hundred thousand terms each, where a GPU has room for a hundred thousand threads.
 */
export function registerConvolutionKernels(kernels: WebGpuKernels): void {
  kernels.register(tf.Conv2DBackpropFilter, ({ x, dy }, attrs) => {
    const shape = attrs['filterShape'] as number[];
    const g = convolutionGeometry(x!.shape, shape, attrs as ConvAttrs);
    const size = tf.util.sizeFromShape(shape);
    const rows = g.batchSize * g.outHeight;
    const share = Math.max(1, Math.ceil((rows * size) / manyThreads));
    const shares = Math.ceil(rows / share);
    // prettier-ignore
    const numbers = [
      size, share, g.batchSize, g.inHeight, g.inWidth, g.inChannels, g.outHeight, g.outWidth, g.outChannels,
      g.filterWidth, g.strideHeight, g.strideWidth, g.padInfo.top, g.padInfo.left,
    ];
    const parts = kernels.make(filterGradient, [shares, size], shares * size, [x!, dy!], numbers);
    const sum = kernels.make(sumOfShares, shape, size, [parts], [shares]);
    kernels.dispose(parts);
    return sum;
  });
}
