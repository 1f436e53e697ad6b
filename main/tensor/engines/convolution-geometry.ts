import * as tf from '@tensorflow/tfjs-core';

type Shape4D = [number, number, number, number];
type Pad = Parameters<typeof tf.backend_util.computeConv2DInfo>[4];

/** Attributes of TensorFlow.js's convolution kernels. */
export interface ConvAttrs extends tf.NamedAttrMap {
  strides: [number, number] | number;
  pad: Pad & tf.Attribute;
  dataFormat: 'NHWC' | 'NCHW';
  dimRoundingMode: 'floor' | 'round' | 'ceil';
  dilations?: [number, number] | number;
}

/** Works out a convolution's geometry as TensorFlow.js does. Throws for images that are not in NHWC order. */
export function convolutionGeometry(
  xShape: number[],
  filterShape: number[],
  { strides, pad, dataFormat, dimRoundingMode, dilations = 1 }: ConvAttrs,
): tf.backend_util.Conv2DInfo {
  const format = tf.backend_util.convertConv2DDataFormat(dataFormat);
  if (format !== 'channelsLast') throw new Error(`conv2d takes images in NHWC order, got ${dataFormat}.`);
  const [x, filter] = [xShape as Shape4D, filterShape as Shape4D];
  return tf.backend_util.computeConv2DInfo(x, filter, strides, dilations, pad, dimRoundingMode, false, format);
}
