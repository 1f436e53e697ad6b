import { beforeAll, describe, expect, it } from 'vitest';
import { knn } from '../../main/detectors/methods/knn.ts';
import { lof } from '../../main/detectors/methods/lof.ts';
import { nearestRows } from '../../main/detectors/parts/nearest.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { fitRows, gaussian, scoreRows } from './rows-in-memory.ts';

beforeAll(() => startEngine(engineUnderTest));

const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((value, j) => value - b[j]!));
const unit = (x: readonly number[]) => x.map((value) => value / (Math.hypot(...x) || 1));
const flat = (x: readonly (readonly number[])[]) => Float32Array.from(x.flat());

/** Neighbours by sorting everything. */
function nearest(point: readonly number[], reference: readonly (readonly number[])[], k: number, leaveOut = -1) {
  return reference
    .map((row, index) => ({ index, distance: distance(point, row) }))
    .filter(({ index }) => index !== leaveOut)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, k);
}

describe('nearestRows', () => {
  it('finds the same rows as sorting all distances, across the borders of its blocks', async () => {
    const reference = gaussian(1, 9000, 3);
    const queries = gaussian(2, 300, 3);
    const { indices, distances, k } = await nearestRows(flat(queries), flat(reference), 3, { k: 4 });
    expect(k).toBe(4);
    for (const i of [0, 17, 255, 256, 299]) {
      const expected = nearest(queries[i]!, reference, 4);
      expect([...indices.slice(i * 4, i * 4 + 4)]).toEqual(expected.map(({ index }) => index));
      expected.forEach((neighbour, j) => expect(distances[i * 4 + j]).toBeCloseTo(neighbour.distance, 12));
    }
  });

  it('leaves a row out of its own neighbours, but not its duplicates', async () => {
    const x = flat([[1], [1], [5]]);
    const { indices, distances } = await nearestRows(x, x, 1, { k: 2, leaveOut: true });
    expect([...indices]).toEqual([1, 2, 0, 2, 0, 1]);
    expect([...distances]).toEqual([0, 4, 0, 4, 4, 4]);
  });

  it('stops when it is cancelled', async () => {
    const signal = AbortSignal.abort();
    await expect(nearestRows(flat([[1]]), flat([[1]]), 1, { k: 1, signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});

describe('knn', () => {
  const trusted = gaussian(3, 200, 5, [3, 0, 1]);
  const test = gaussian(4, 20, 5);

  it('is the distance to the k-th nearest trusted direction', async () => {
    const scores = await scoreRows(knn, await fitRows(knn, { trusted: { x: trusted } }, { k: 7 }), { x: test });
    const units = trusted.map(unit);
    scores.forEach((score, i) => expect(score).toBeCloseTo(nearest(unit(test[i]!), units, 7)[6]!.distance, 6));
  });

  it('is the plain distance without scaling to unit length', async () => {
    const state = await fitRows(knn, { trusted: { x: trusted } }, { k: 1, normalize: false });
    const scores = await scoreRows(knn, state, { x: test });
    scores.forEach((score, i) => expect(score).toBeCloseTo(nearest(test[i]!, trusted, 1)[0]!.distance, 5));
  });

  it('takes the furthest of fewer than k samples', async () => {
    const state = await fitRows(knn, { trusted: { x: [[1], [2], [9]] } }, { k: 50, normalize: false });
    expect((await scoreRows(knn, state, { x: [[2]] }))[0]).toBeCloseTo(7, 6);
  });

  it('keeps at most as many trusted samples as it is told', async () => {
    const state = await fitRows(knn, { trusted: { x: trusted } }, { max_reference: 30 });
    expect(state.tensors['layer/reference']!.shape).toEqual([30, 5]);
  });

  it('gives finite scores for zeros, duplicates and constants', async () => {
    const state = await fitRows(knn, { trusted: { x: Array.from({ length: 9 }, () => [2, 0]) } }, { k: 3 });
    const [same, zero] = await scoreRows(knn, state, {
      x: [
        [5, 0],
        [0, 0],
      ],
    });
    expect(same).toBe(0);
    expect(zero).toBeCloseTo(1, 12);
  });
});

describe('lof', () => {
  /** Definitions 5 to 7 of the paper, word by word, with the guard against infinite density. */
  function outlierFactor(point: readonly number[], reference: readonly number[][], k: number) {
    const radius = (i: number) => nearest(reference[i]!, reference, k, i)[k - 1]!.distance;
    const density = (p: readonly number[], leaveOut: number) => {
      const neighbours = nearest(p, reference, k, leaveOut);
      const reach = neighbours.map(({ index, distance: far }) => Math.max(radius(index), far));
      return 1 / (reach.reduce((sum, value) => sum + value, 0) / k + 1e-10);
    };
    const neighbours = nearest(point, reference, k);
    const sum = neighbours.reduce((total, { index }) => total + density(reference[index]!, index), 0);
    return sum / k / density(point, -1);
  }

  it('follows the definitions of the paper', async () => {
    const trusted = gaussian(5, 60, 2);
    const test = [...gaussian(6, 8, 2), [6, 6]];
    const scores = await scoreRows(lof, await fitRows(lof, { trusted: { x: trusted } }, { k: 5 }), { x: test });
    scores.forEach((score, i) => expect(score).toBeCloseTo(outlierFactor(test[i]!, trusted, 5), 4));
    expect(scores[8]).toBeGreaterThan(5);
  });

  it('stays finite among duplicates, and is 1 on them', async () => {
    const state = await fitRows(lof, { trusted: { x: Array.from({ length: 30 }, () => [1, 2]) } });
    const scores = await scoreRows(lof, state, {
      x: [
        [1, 2],
        [1, 3],
      ],
    });
    expect(scores[0]).toBeCloseTo(1, 9);
    expect(scores[1]).toBeCloseTo(1e10, -3);
  });

  it('takes all others where there are fewer than k, and needs two samples', async () => {
    const state = await fitRows(lof, { trusted: { x: [[0], [1], [2]] } }, { k: 20 });
    for (const score of await scoreRows(lof, state, { x: [[1], [9]] })) expect(Number.isFinite(score)).toBe(true);
    await expect(fitRows(lof, { trusted: { x: [[0]] } })).rejects.toMatchObject({ code: 'bad-data' });
  });
});
