import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { onEveryBackend } from './backends.ts';
import { expectTensor, normal, scoped } from './reference.ts';

/** The sum of x over the axes in float64, those axes kept as ones. */
function reference(x: Float32Array, shape: number[], axes: number[]): { sums: Float64Array; kept: number[] } {
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const sums = new Float64Array(kept.reduce((product, size) => product * size, 1));
  x.forEach((value, flat) => {
    let rest = flat;
    let at = 0;
    let stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (kept[axis] !== 1) at += (rest % shape[axis]!) * stride;
      rest = Math.floor(rest / shape[axis]!);
      stride *= kept[axis]!;
    }
    sums[at]! += value;
  });
  return { sums, kept };
}

onEveryBackend('sum', () => {
  it.each([
    [[1, 5], [0]],
    [[7, 3], [0]],
    [[64, 130], [0]],
    [[6, 9], [1]],
    [
      [3, 4, 5, 6],
      [0, 1, 2],
    ],
    [
      [3, 4, 5, 6],
      [0, 2],
    ],
    [
      [3, 4, 5],
      [2, 0, 1],
    ],
    [
      [2, 3, 4],
      [1, 0],
    ],
  ])('agrees with float64: %j over %j', async (shape, axes) => {
    const x = normal(
      shape.reduce((product, size) => product * size, 1),
      'x',
    );
    const { sums, kept } = reference(x, shape, axes);
    await scoped(async () => {
      const tensor = tf.tensor(x, shape);
      const flat = tf.sum(tensor, axes);
      expect(flat.shape).toEqual(shape.filter((_, axis) => !axes.includes(axis)));
      await expectTensor(flat, sums);
      const keeping = tf.sum(tensor, axes, true);
      expect(keeping.shape).toEqual(kept);
      await expectTensor(keeping, sums);
    });
  });

  it('of nothing is zero, and whole numbers stay whole', async () => {
    await scoped(async () => {
      await expectTensor(tf.sum(tf.zeros([0, 3]), 0), [0, 0, 0]);
      const sums = tf.sum(tf.tensor2d([[1, 2], [3, 4]], [2, 2], 'int32'), 0); // prettier-ignore
      expect(sums.dtype).toBe('int32');
      await expectTensor(sums, [4, 6]);
    });
  });
});
