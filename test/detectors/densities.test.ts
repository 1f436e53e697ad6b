import { describe, expect, it } from 'vitest';
import { classMahalanobis } from '../../main/detectors/methods/class-mahalanobis.ts';
import { gaussianMixture } from '../../main/detectors/methods/gaussian-mixture.ts';
import { kMeans } from '../../main/detectors/parts/k-means.ts';
import { pcaResidual } from '../../main/detectors/methods/pca-residual.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { auroc, fitRows, gaussian, scoreRows } from './rows-in-memory.ts';

const random = RandomStream.from(0, 'test');
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('pca-residual', () => {
  it('is the squared distance to the leading axis, 1 on average over the trusted samples', async () => {
    // Variance 8/3 along (1, 0), 2/3 along (0, 1).
    const x = [
      [2, 0],
      [-2, 0],
      [0, 1],
      [0, -1],
    ];
    const state = await fitRows(pcaResidual, { trusted: { x } }, { components: 1 });
    const scores = await scoreRows(pcaResidual, state, { x: [...x, [5, 3]] });
    [0, 0, 1.5, 1.5, 13.5].forEach((expected, i) => expect(scores[i]).toBeCloseTo(expected, 10));
  });

  it('takes the fewest components that hold the share asked for', async () => {
    const x = gaussian(1, 400, 3).map((row) => [row[0]! * 10, row[1]! * 3, row[2]!]);
    const state = await fitRows(pcaResidual, { trusted: { x } }, { explained: 0.95 });
    // 100 + 9 of 110: two axes. A shift along the third counts, one along the second does not.
    const scores = await scoreRows(pcaResidual, state, {
      x: [
        [0, 30, 0],
        [0, 0, 30],
      ],
    });
    expect(scores[0]).toBeLessThan(2);
    expect(scores[1]).toBeGreaterThan(500);
  });

  it.each([
    ['constant activations', Array.from({ length: 5 }, () => [3, 3])],
    ['fewer samples than dimensions', gaussian(2, 3, 8)],
    ['duplicate rows', [...gaussian(3, 2, 4), ...gaussian(3, 2, 4)]],
  ])('stays finite with %s', async (_, x) => {
    const state = await fitRows(pcaResidual, { trusted: { x } });
    const at = await scoreRows(pcaResidual, state, { x });
    const far = await scoreRows(pcaResidual, state, { x: x.map((row) => row.map((value, j) => value + 9 * (j + 1))) });
    at.forEach((score, i) => {
      expect(Number.isFinite(score)).toBe(true);
      expect(far[i]).toBeGreaterThan(score);
    });
  });
});

describe('gaussian-mixture', () => {
  it('with one component is the Gaussian of the trusted mean and covariance', async () => {
    const x = [
      [1, 0],
      [-1, 0],
      [0, 2],
      [0, -2],
    ];
    const state = await fitRows(gaussianMixture, { trusted: { x } }, { components: 1, floor: 1e-12 });
    // Covariance diag(1/2, 2), determinant 1.
    const [score] = await scoreRows(gaussianMixture, state, { x: [[1, 1]] });
    expect(score).toBeCloseTo((Math.log(2 * Math.PI) + (1 / 0.5 + 1 / 2) / 2) / 2, 9);
  });

  it.each(['full', 'diag'] as const)('finds two groups of unequal size (%s)', async (covariance) => {
    const x = [...gaussian(1, 300, 2), ...gaussian(2, 100, 2, [20, 0])];
    const state = await fitRows(gaussianMixture, { trusted: { x } }, { components: 2, covariance });
    const means = state.tensors['layer/means']!.data;
    const [left, right] = means[0]! < means[2]! ? [0, 2] : [2, 0];
    expect(means[left]).toBeCloseTo(mean(x.slice(0, 300).map((row) => row[0]!)), 2);
    expect(means[right]).toBeCloseTo(mean(x.slice(300).map((row) => row[0]!)), 2);
    const [inLarge, inSmall, between] = await scoreRows(gaussianMixture, state, {
      x: [
        [0, 0],
        [20, 0],
        [10, 0],
      ],
    });
    // Three times as many samples: log 3 nats, over two dimensions.
    expect(inSmall! - inLarge!).toBeCloseTo(Math.log(3) / 2, 0);
    expect(between).toBeGreaterThan(inSmall! + 10);
  });

  it('sees a correlation with full covariances and not with variances alone', async () => {
    const x = gaussian(5, 500, 2).map(([a, b]) => [a!, a! + 0.1 * b!]);
    const off = { x: [[1, -1]] };
    const on = { x: [[1, 1]] };
    for (const [covariance, gap] of [['full', 20] as const, ['diag', 0] as const]) {
      const state = await fitRows(gaussianMixture, { trusted: { x } }, { components: 1, covariance });
      const difference =
        (await scoreRows(gaussianMixture, state, off))[0]! - (await scoreRows(gaussianMixture, state, on))[0]!;
      if (gap > 0) expect(difference).toBeGreaterThan(gap);
      else expect(Math.abs(difference)).toBeLessThan(0.5);
    }
  });

  it.each([
    ['constant activations', Array.from({ length: 30 }, () => [3, 3])],
    ['fewer samples than dimensions', gaussian(2, 4, 9)],
    ['duplicate rows', Array.from({ length: 40 }, (_, i) => [i % 2, 0])],
    ['a single sample', [[1, 2]]],
  ])('stays finite with %s', async (_, x) => {
    const state = await fitRows(gaussianMixture, { trusted: { x } });
    const [near, far] = await scoreRows(gaussianMixture, state, { x: [x[0]!, x[0]!.map((value) => value + 50)] });
    expect(Number.isFinite(near)).toBe(true);
    expect(far).toBeGreaterThan(near!);
  });
});

describe('kMeans', () => {
  it('finds separated groups and their centres', () => {
    const x = Float32Array.from([0, 1, 10, 11, 12, 100]);
    const { centres, of, inertia } = kMeans(x, 1, 3, { random, starts: 8 });
    expect([...centres].sort((a, b) => a - b)).toEqual([0.5, 11, 100]);
    expect(of[2]).toBe(of[4]);
    expect(inertia).toBeCloseTo(2.5, 12);
  });

  it('copes with fewer different rows than clusters', () => {
    const { of, inertia } = kMeans(new Float32Array(10).fill(2), 2, 3, { random });
    expect(inertia).toBe(0);
    expect(of.length).toBe(5);
  });
});

describe('class-mahalanobis', () => {
  // Two classes, 10 apart; within each, variance 1/2 along x and 2 along y (divisor n).
  const cross = [
    [1, 0],
    [-1, 0],
    [0, 2],
    [0, -2],
  ];
  const trusted = {
    x: [...cross, ...cross.map(([a, b]) => [a! + 10, b!])],
    predicted: [0, 0, 0, 0, 1, 1, 1, 1],
  };

  it('is measured from the mean of the predicted class under the covariance within classes', async () => {
    const state = await fitRows(classMahalanobis, { trusted });
    const scores = await scoreRows(classMahalanobis, state, {
      x: [
        [1, 1],
        [1, 1],
      ],
      predicted: [0, 1],
    });
    expect(scores[0]).toBeCloseTo((1 / 0.5 + 1 / 2) / 2, 10);
    expect(scores[1]).toBeCloseTo((81 / 0.5 + 1 / 2) / 2, 10);
  });

  it('is measured from the nearest class where that is asked for', async () => {
    const state = await fitRows(classMahalanobis, { trusted }, { distance_to: 'nearest' });
    const scores = await scoreRows(classMahalanobis, state, { x: [[1, 1]], predicted: [1] });
    expect(scores[0]).toBeCloseTo((1 / 0.5 + 1 / 2) / 2, 10);
  });

  it('relative: subtracts the distance to all', async () => {
    const plain = await fitRows(classMahalanobis, { trusted });
    const relative = await fitRows(classMahalanobis, { trusted }, { relative: true });
    const at = { x: [[1, 1]], predicted: [0] };
    // Covariance of all, divisor n - 1: x has (8 * 25 + 4) / 7, y has 16 / 7; mean (5, 0).
    const toAll = 16 / (204 / 7) + 1 / (16 / 7);
    const difference =
      (await scoreRows(classMahalanobis, plain, at))[0]! - (await scoreRows(classMahalanobis, relative, at))[0]!;
    expect(difference).toBeCloseTo(toAll / 2, 10);
  });

  it('measures a class never predicted for trusted data from the mean of all', async () => {
    const state = await fitRows(classMahalanobis, { trusted });
    const [score] = await scoreRows(classMahalanobis, state, { x: [[5, 2]], predicted: [3] });
    expect(score).toBeCloseTo(4 / 2 / 2, 10);
  });

  it.each([
    ['constant activations', Array.from({ length: 8 }, () => [3, 3]), [0, 1, 0, 1, 0, 1, 0, 1]],
    ['classes that are constant', Array.from({ length: 8 }, (_, i) => [i % 2, 7 * (i % 2)]), [0, 1, 0, 1, 0, 1, 0, 1]],
    ['one class alone', gaussian(1, 8, 2), new Array(8).fill(2)],
    ['fewer samples than dimensions', gaussian(2, 4, 9), [0, 1, 0, 1]],
  ])('stays finite with %s', async (_, x, predicted: number[]) => {
    for (const relative of [false, true]) {
      const state = await fitRows(classMahalanobis, { trusted: { x, predicted } }, { relative });
      const far = x.map((row) => row.map((value) => value + 3));
      for (const score of await scoreRows(classMahalanobis, state, { x: [...x, ...far], predicted })) {
        expect(Number.isFinite(score)).toBe(true);
        expect(Math.abs(score)).toBeLessThan(1e9);
      }
    }
  });

  it('tells inputs that were computed unlike others of their prediction', async () => {
    const x = [...gaussian(1, 200, 4), ...gaussian(2, 200, 4, [8])];
    const predicted = Array.from({ length: 400 }, (_, i) => (i < 200 ? 0 : 1));
    const state = await fitRows(classMahalanobis, { trusted: { x, predicted } });
    const clean = await scoreRows(classMahalanobis, state, {
      x: gaussian(3, 100, 4),
      predicted: new Array(100).fill(0),
    });
    const wrong = await scoreRows(classMahalanobis, state, {
      x: gaussian(3, 100, 4),
      predicted: new Array(100).fill(1),
    });
    expect(auroc(clean, wrong)).toBe(1);
  });
});
