import * as tf from '@tensorflow/tfjs-core';

interface PoolAttrs extends tf.NamedAttrMap {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode: 'floor' | 'round' | 'ceil';
}

/** Works out the windows over images `[n, h, w, c]` as TensorFlow.js does, from the attributes of its pooling kernels. */
export function poolingGeometry(shape: number[], attrs: tf.NamedAttrMap): tf.backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as PoolAttrs;
  type Shape4D = [number, number, number, number];
  return tf.backend_util.computePool2DInfo(shape as Shape4D, filterSize, strides, 1, pad, dimRoundingMode);
}
