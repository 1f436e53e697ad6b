import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { NearestKeeper } from '../../main/tensor/nearest-keeper.ts';
import { onEveryBackend } from './backends.ts';
import { normal } from './reference.ts';

/** The k smallest keys of each query, found by sorting; `found` gives the products, [m, n]. */
function reference(found: Float32Array, halves: Float32Array, [m, n, k]: [number, number, number], leaveOut: boolean) {
  return Array.from({ length: m }, (_, query) => {
    const key = (j: number) => Math.fround(halves[j]! - found[query * n + j]!);
    const candidates = Array.from({ length: n }, (_, j) => j).filter((j) => !leaveOut || j !== query);
    return candidates.sort((i, j) => key(i) - key(j)).slice(0, k);
  }).flat();
}

onEveryBackend('NearestKeeper', () => {
  it.each([
    [1, 1, 1],
    [2, 3, 2],
    [5, 41, 7],
    [30, 30, 29],
    [67, 203, 10],
  ])('finds, of %i queries, among %i the %i nearest, block by block', async (m, n, k) => {
    const products = normal(m * n, 'products');
    const halves = normal(n, 'halves');
    for (const leaveOut of m <= n && k < n ? [false, true] : [false]) {
      const before = tf.memory().numTensors;
      const keeper = new NearestKeeper(m, k);
      const [rows, columns] = [Math.ceil(m / 2), Math.ceil(n / 3)];
      for (let start = 0; start < n; start += columns)
        for (let query = 0; query < m; query += rows) {
          const [count, width] = [Math.min(rows, m - query), Math.min(columns, n - start)];
          const block = tf.tensor2d(
            Float32Array.from({ length: count * width }, (_, at) => products[(query + Math.floor(at / width)) * n + start + (at % width)]!), // prettier-ignore
            [count, width],
          );
          await keeper.add({
            products: () => tf.clone(block),
            halves: halves.subarray(start, start + width),
            query,
            reference: start,
            leaveOut,
          });
          block.dispose();
        }
      expect([...(await keeper.indices())]).toEqual(reference(products, halves, [m, n, k], leaveOut));
      keeper.dispose();
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('passes over what is no number', async () => {
    const keeper = new NearestKeeper(1, 2);
    const products = tf.tensor2d([NaN, 1, NaN, 3, 2, NaN], [1, 6]);
    await keeper.add({
      products: () => tf.clone(products),
      halves: new Float32Array(6),
      query: 0,
      reference: 10,
      leaveOut: false,
    });
    expect([...(await keeper.indices())]).toEqual([13, 14]);
    keeper.dispose();
    products.dispose();
  });
});
