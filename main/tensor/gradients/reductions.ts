import * as tf from '@tensorflow/tfjs-core';
import type { GradientDefinition } from './gradient-definition.ts';

/** The shape that a reduction of x over `axis` (all axes where undefined) has with these axes kept as ones. */
function keptShapeOf(x: tf.Tensor, axis: unknown): number[] {
  const axes = new Set(tf.util.parseAxisParam((axis ?? x.shape.map((_, i) => i)) as number[], x.shape));
  return x.shape.map((size, i) => (axes.has(i) ? 1 : size));
}

/** Largest or smallest values: elements that tie share the gradient equally. */
function extremum(kernelName: string, axisName: string): GradientDefinition {
  return {
    kernelName,
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradient: (dy, [x, y], attrs) => {
      const kept = keptShapeOf(x!, attrs[axisName]);
      return {
        x: () => {
          const isExtreme = tf.cast(tf.equal(x!, tf.reshape(y!, kept)), 'float32');
          const axes = kept.flatMap((size, i) => (size === 1 ? [i] : []));
          return tf.mul(isExtreme, tf.div(tf.reshape(dy, kept), tf.sum(isExtreme, axes, true)));
        },
      };
    },
  };
}

/** Kernels that reduce axes or normalise along them. */
export const reductionGradients: readonly GradientDefinition[] = [
  {
    kernelName: tf.Sum,
    inputsToSave: ['x'],
    gradient: (dy, [x], attrs) => ({
      x: () => tf.broadcastTo(tf.reshape(dy, keptShapeOf(x!, attrs['axis'])), x!.shape),
    }),
  },
  {
    kernelName: tf.Mean,
    inputsToSave: ['x'],
    gradient: (dy, [x], attrs) => {
      const kept = keptShapeOf(x!, attrs['axis']);
      const count = x!.size / tf.util.sizeFromShape(kept);
      return { x: () => tf.broadcastTo(tf.div(tf.reshape(dy, kept), count), x!.shape) };
    },
  },
  extremum(tf.Max, 'reductionIndices'),
  extremum(tf.Min, 'axis'),
  {
    kernelName: tf.Softmax,
    outputsToSave: [true],
    gradient: (dy, [y], attrs) => {
      const axis = attrs['dim'] as number;
      return {
        logits: () => {
          const weighted = tf.mul(dy, y!);
          return tf.sub(weighted, tf.mul(tf.sum(weighted, axis, true), y!));
        },
      };
    },
  },
  {
    kernelName: tf.LogSoftmax,
    outputsToSave: [true],
    gradient: (dy, [y], attrs) => {
      const axis = attrs['axis'] as number;
      return { logits: () => tf.sub(dy, tf.mul(tf.sum(dy, axis, true), tf.exp(y!))) };
    },
  },
];
