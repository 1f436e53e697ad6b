import * as tf from '@tensorflow/tfjs-core';
import { ownKernels } from '../../own-kernels.ts';
import { convolutionGeometry, type ConvAttrs } from '../convolution-geometry.ts';
import type { NativeKernels } from './kernels.ts';
import type { NativeAttribute } from './node-package.ts';

/** The geometry in TensorFlow's terms; paddings are numbers, whatever `pad` was. */
function attributesOf(kernels: NativeKernels, g: tf.backend_util.Conv2DInfo): NativeAttribute[] {
  const { top, bottom, left, right } = g.padInfo;
  const isOwn = g.padInfo.type !== 'SAME' && top + bottom + left + right > 0;
  return [
    kernels.type('T'),
    kernels.whole('strides', [1, g.strideHeight, g.strideWidth, 1]),
    kernels.whole('dilations', [1, g.dilationHeight, g.dilationWidth, 1]),
    kernels.text('data_format', 'NHWC'),
    kernels.flag('use_cudnn_on_gpu', true),
    kernels.text('padding', isOwn ? 'EXPLICIT' : g.padInfo.type === 'SAME' ? 'SAME' : 'VALID'),
    ...(isOwn ? [kernels.whole('explicit_paddings', [0, 0, top, bottom, left, right, 0, 0])] : []),
  ];
}

/**
 * Replaces the convolutions: the package's take no paddings by numbers, and TensorFlow gives a wrong shape for an empty
 * batch. Adds the one with its bias.
 */
export function registerConvolutionKernels(kernels: NativeKernels): void {
  const convolve = (x: tf.Tensor, filter: tf.Tensor, attrs: tf.NamedAttrMap): tf.Tensor => {
    const g = convolutionGeometry(x.shape, filter.shape, attrs as ConvAttrs);
    return x.size === 0 ? tf.zeros(g.outShape) : kernels.run('Conv2D', [x, filter], attributesOf(kernels, g));
  };
  kernels.register(tf.Conv2D, ({ x, filter }, attrs) => convolve(x!, filter!, attrs));
  kernels.register(ownKernels.convolution, ({ x, filter, bias }, attrs) =>
    kernels.withBias(convolve(x!, filter!, attrs), bias!),
  );
  kernels.register(tf.FusedConv2D, (inputs, attrs) => {
    const { x, filter, bias, preluActivationWeights } = inputs;
    const { activation, leakyreluAlpha } = attrs as { activation: string; leakyreluAlpha?: number };
    return tf.tidy(() => {
      const product = convolve(x!, filter!, attrs);
      const sum = bias ? tf.add(product, bias) : product;
      return kernels.backend.applyActivation(sum, activation, preluActivationWeights, leakyreluAlpha);
    });
  });
  kernels.register(tf.Conv2DBackpropInput, ({ dy, filter }, attrs) => {
    const inputShape = attrs['inputShape'] as number[];
    const g = convolutionGeometry(inputShape, filter!.shape, attrs as ConvAttrs);
    if (dy!.size === 0) return tf.zeros(inputShape);
    return kernels.withWhole(inputShape, (sizes) =>
      kernels.run('Conv2DBackpropInput', [sizes, filter!, dy!], attributesOf(kernels, g)),
    );
  });
  kernels.register(tf.Conv2DBackpropFilter, ({ x, dy }, attrs) => {
    const filterShape = attrs['filterShape'] as number[];
    const g = convolutionGeometry(x!.shape, filterShape, attrs as ConvAttrs);
    if (x!.size === 0) return tf.zeros(filterShape);
    return kernels.withWhole(filterShape, (sizes) =>
      kernels.run('Conv2DBackpropFilter', [x!, sizes, dy!], attributesOf(kernels, g)),
    );
  });
}
