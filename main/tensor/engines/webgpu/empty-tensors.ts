import * as tf from '@tensorflow/tfjs-core';
import { convolutionGeometry, type ConvAttrs } from '../convolution-geometry.ts';

type Shapes = Record<string, number[]>;

function matMulShape({ a, b }: Shapes, attrs: tf.NamedAttrMap): number[] {
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(a!.slice(0, -2), b!.slice(0, -2));
  return [...batch, a!.at(attrs['transposeA'] ? -1 : -2), b!.at(attrs['transposeB'] ? -2 : -1)];
}

function sumShape({ x }: Shapes, attrs: tf.NamedAttrMap): number[] {
  const axes = new Set(tf.util.parseAxisParam((attrs['axis'] ?? x!.map((_, i) => i)) as number[], x!));
  return attrs['keepDims'] ? x!.map((size, i) => (axes.has(i) ? 1 : size)) : x!.filter((_, i) => !axes.has(i));
}

function convolutionShape({ x, filter }: Shapes, attrs: tf.NamedAttrMap): number[] {
  return convolutionGeometry(x!, filter!, attrs as ConvAttrs).outShape;
}

/** Kernels that sum products or values, with the shape of their result: without any terms it is zero. */
const sums: Record<string, (inputs: Shapes, attrs: tf.NamedAttrMap) => number[]> = {
  [tf.BatchMatMul]: matMulShape,
  [tf._FusedMatMul]: matMulShape,
  [tf.Sum]: sumShape,
  [tf.Conv2D]: convolutionShape,
  [tf.FusedConv2D]: convolutionShape,
  [tf.Conv2DBackpropInput]: (_, attrs) => attrs['inputShape'] as number[],
  [tf.Conv2DBackpropFilter]: (_, attrs) => attrs['filterShape'] as number[],
};

/** WebGPU binds no buffer of length zero: sums over nothing, which the backend would ask of the GPU, are answered here. */
export function registerEmptySums(backendName: string): void {
  for (const [kernelName, shapeOf] of Object.entries(sums)) {
    const stock = tf.getKernel(kernelName, backendName);
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      ...stock,
      kernelFunc: (call) => {
        const inputs = Object.entries(call.inputs).flatMap(([name, tensor]) => (tensor ? [{ name, ...tensor }] : []));
        if (inputs.every(({ shape }) => !shape.includes(0))) return stock.kernelFunc(call);
        const shape = shapeOf(
          Object.fromEntries(inputs.map((tensor) => [tensor.name, tensor.shape])),
          call.attrs ?? {},
        );
        const dtype = inputs[0]!.dtype === 'int32' ? 'int32' : 'float32';
        const size = tf.util.sizeFromShape(shape);
        const zeros = dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
        return { dataId: (call.backend as tf.KernelBackend).write(zeros, shape, dtype), shape, dtype };
      },
    });
  }
}
