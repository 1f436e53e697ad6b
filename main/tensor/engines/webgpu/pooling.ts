import * as tf from '@tensorflow/tfjs-core';
import { poolingGeometry } from '../pooling-geometry.ts';
import type { Shader, WebGpuKernels } from './kernels.ts';

/** A thread has an element of x, and looks in which of the windows over it it is the first to reach the maximum y. */
const maxPoolGradient: Shader = {
  name: 'max_pool_gradient',
  inputs: ['x', 'y', 'dy'],
  numbers: [
    ...['height', 'width', 'channels', 'windowHeight', 'windowWidth'],
    ...['strideHeight', 'strideWidth', 'top', 'left', 'outHeight', 'outWidth'],
  ],
  body: `
    let height = i32(uniforms.height);
    let width = i32(uniforms.width);
    let channels = i32(uniforms.channels);
    let outHeight = i32(uniforms.outHeight);
    let outWidth = i32(uniforms.outWidth);
    let window = vec2<i32>(i32(uniforms.windowHeight), i32(uniforms.windowWidth));
    let stride = vec2<i32>(i32(uniforms.strideHeight), i32(uniforms.strideWidth));
    let before = vec2<i32>(i32(uniforms.top), i32(uniforms.left));
    let channel = index % channels;
    let pixel = index / channels;
    let image = pixel / (width * height);
    let place = vec2<i32>((pixel / width) % height, pixel % width);
    let first = max(vec2<i32>(0), (place + before - window + stride) / stride);
    let last = min(vec2<i32>(outHeight, outWidth) - 1, (place + before) / stride);
    var sum = 0.0;
    for (var row = first.x; row <= last.x; row++) {
      for (var column = first.y; column <= last.y; column++) {
        let out = ((image * outHeight + row) * outWidth + column) * channels + channel;
        if (x[index] != y[out]) { continue; }
        let corner = vec2<i32>(row, column) * stride - before;
        let end = min(width, corner.y + window.y);
        var isFirst = true;
        for (var i = max(0, corner.x); i <= place.x && isFirst; i++) {
          for (var j = max(0, corner.y); j < end && isFirst; j++) {
            if (i == place.x && j >= place.y) { break; }
            isFirst = x[((image * height + i) * width + j) * channels + channel] != y[out];
          }
        }
        if (isFirst) { sum += dy[out]; }
      }
    }
    result[index] = sum;`,
};

/** Replaces the gradient of max pooling, so that of equal maxima the first counts, as on the other engines. */
export function registerPoolingKernels(kernels: WebGpuKernels): void {
  kernels.register(tf.MaxPoolGrad, ({ dy, input, output }, attrs) => {
    const { shape } = input!;
    const g = poolingGeometry(shape, attrs);
    // prettier-ignore
    const numbers = [
      g.inHeight, g.inWidth, g.inChannels, g.filterHeight, g.filterWidth,
      g.strideHeight, g.strideWidth, g.padInfo.top, g.padInfo.left, g.outHeight, g.outWidth,
    ];
    return kernels.make(maxPoolGradient, shape, tf.util.sizeFromShape(shape), [input!, output!, dy!], numbers);
  });
}
