import { beforeAll, describe, expect, it } from 'vitest';
import { rowDistances } from '../../main/tensor/linalg/row-distances.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { normal } from './reference.ts';

let random: RandomStream;
beforeAll(() => void (random = RandomStream.from(5, 'row distances')));

/** The distances as they are written in a book; sums of doubles differ in the last digits alone. */
function plain(queries: Float32Array, reference: Float32Array, d: number, found: Int32Array, k: number): number[] {
  return Array.from(found, (row, at) => {
    const query = Math.floor(at / k);
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (queries[query * d + j]! - reference[row * d + j]!) ** 2;
    return Math.sqrt(sum);
  });
}

describe('rowDistances', () => {
  it.each([
    [1, 1, 1, 1],
    [3, 5, 2, 5],
    [7, 40, 3, 4],
    [65, 90, 17, 9],
    // More queries than are handled together, and more reference than that.
    [1030, 50, 8, 3],
    [5, 9000, 130, 20],
  ])('are those of %i queries to rows of %i x %i, %i each', (m, n, d, k) => {
    const [queries, reference] = [normal(m * d, 'queries'), normal(n * d, 'reference')];
    const found = Int32Array.from({ length: m * k }, () => random.integer(n));
    const distances = rowDistances(queries, reference, d, found, k);
    plain(queries, reference, d, found, k).forEach((expected, at) =>
      expect(Math.abs(distances[at]! - expected)).toBeLessThanOrEqual(1e-14 * expected),
    );
  });

  it('are 0 for equal rows, and keep what float32 sums would lose', () => {
    const reference = Float32Array.of(4096, 1, 4096, 1.0000001);
    expect([...rowDistances(Float32Array.of(4096, 1), reference, 2, Int32Array.of(0, 1), 2)]).toEqual([
      0,
      Math.fround(1.0000001) - 1,
    ]);
  });

  it('are none of no queries, and of none found', () => {
    expect(rowDistances(new Float32Array(), Float32Array.of(1), 1, new Int32Array(), 1)).toHaveLength(0);
    expect(rowDistances(Float32Array.of(1), new Float32Array(), 1, new Int32Array(), 0)).toHaveLength(0);
  });
});
