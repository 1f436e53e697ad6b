import * as tf from '@tensorflow/tfjs-core';
import type { GradientDefinition } from './gradient-definition.ts';

function reshaped(kernelName: string, input: string): GradientDefinition {
  return {
    kernelName,
    inputsToSave: [input],
    gradient: (dy, [x]) => ({ [input]: () => tf.reshape(dy, x!.shape) }),
  };
}

/** Kernels that move elements about. */
export const shapeGradients: readonly GradientDefinition[] = [
  reshaped(tf.Reshape, 'x'),
  reshaped(tf.ExpandDims, 'input'),
  {
    kernelName: tf.Transpose,
    gradient: (dy, _saved, { perm }) => ({
      x: () => tf.transpose(dy, tf.backend_util.getUndoAxesPermutation(perm as number[])),
    }),
  },
  {
    kernelName: tf.Concat,
    saveAllInputs: true,
    gradient: (dy, saved, attrs) => {
      const axis = tf.util.parseAxisParam(attrs['axis'] as number, saved[0]!.shape)[0]!;
      const sizes = saved.map(({ shape }) => shape[axis]!);
      return Object.fromEntries(saved.map((_, i) => [i, () => tf.split(dy, sizes, axis)[i]!]));
    },
  },
  {
    kernelName: tf.Pack,
    saveAllInputs: true,
    gradient: (dy, saved, attrs) =>
      Object.fromEntries(saved.map((_, i) => [i, () => tf.unstack(dy, attrs['axis'] as number)[i]!])),
  },
  {
    kernelName: tf.Slice,
    inputsToSave: ['x'],
    gradient: (dy, [x], attrs) => {
      const { begin, size } = attrs as { begin: number[]; size: number[] };
      const [from, lengths] = tf.slice_util.parseSliceParams(x!, begin, size) as [number[], number[]];
      const paddings = x!.shape.map((length, i): [number, number] => [from[i]!, length - from[i]! - lengths[i]!]);
      return { x: () => tf.pad(dy, paddings) };
    },
  },
  {
    kernelName: tf.PadV2,
    inputsToSave: ['x'],
    gradient: (dy, [x], attrs) => {
      const begin = (attrs['paddings'] as [number, number][]).map(([before]) => before);
      return { x: () => tf.slice(dy, begin, x!.shape) };
    },
  },
  {
    // `tf.broadcastTo` is a tile too.
    kernelName: tf.Tile,
    inputsToSave: ['x'],
    gradient: (dy, [x], attrs) => {
      const repetitions = attrs['reps'] as number[];
      const split = x!.shape.flatMap((size, i) => [repetitions[i]!, size]);
      const axes = x!.shape.map((_, i) => 2 * i);
      return { x: () => tf.sum(tf.reshape(dy, split), axes) };
    },
  },
];
