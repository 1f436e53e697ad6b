import { beforeAll, describe, expect, it } from 'vitest';
import { activationClustering } from '../../main/detectors/methods/activation-clustering.ts';
import type { DetectorDefinition } from '../../main/detectors/detector.ts';
import { quantumEntropyForm } from '../../main/detectors/parts/quantum-entropy.ts';
import { robustSubset } from '../../main/detectors/parts/robust-covariance.ts';
import { scan } from '../../main/detectors/methods/scan.ts';
import { spectre } from '../../main/detectors/methods/spectre.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { auroc, fitRows, gaussian, scoreRows, type Rows } from './rows-in-memory.ts';

beforeAll(() => startEngine(engineUnderTest));

const centres = [
  [6, 0, 0, 0, 0, 0],
  [0, 6, 0, 0, 0, 0],
  [0, 0, 6, 0, 0, 0],
  [0, 0, 0, 6, 0, 0],
];
const poisonShift = [6, 0, 0, 0, 5, -5];

/** Four classes of equal spread; `poisoned` samples of another kind are predicted as class 0. */
function data(seed: number, perClass: number, poisoned: number): Rows & { predicted: number[] } {
  const clean = centres.flatMap((centre, k) => gaussian(seed + k, perClass, 6, centre));
  return {
    x: [...clean, ...gaussian(seed + 9, poisoned, 6, poisonShift)],
    predicted: [...clean.map((_, i) => Math.floor(i / perClass)), ...new Array<number>(poisoned).fill(0)],
  };
}

async function aurocOf(detector: DetectorDefinition, poisoned: number, params: Record<string, unknown> = {}) {
  const state = await fitRows(detector, { trusted: data(100, 100, 0), untrusted: data(200, 200, poisoned) }, params);
  const scores = await scoreRows(detector, state, data(300, 50, 50));
  return auroc(scores.slice(0, 200), scores.slice(200));
}

describe.each([
  ['activation-clustering', activationClustering, 50],
  ['activation-clustering of principal components', activationClustering, 50],
  ['scan', scan, 50],
  ['spectre', spectre, 12],
] as const)('%s', (title, detector, poisoned) => {
  const params = title.endsWith('components') ? { reduction: 'pca' } : {};

  it('finds the poison among the samples of its predicted class', async () => {
    expect(await aurocOf(detector, poisoned, params)).toBeGreaterThan(0.97);
  });

  const rows = 24;
  it.each([
    ['constant activations', Array.from({ length: rows }, () => [1, 2, 3]), (i: number) => i % 3],
    ['one predicted class', gaussian(1, rows, 3), () => 2],
    ['fewer samples than dimensions', gaussian(2, rows, 40), (i: number) => i % 3],
    ['duplicate rows', Array.from({ length: rows }, (_, i) => [i % 2, 1, 0]), (i: number) => i % 3],
    ['single samples of a class', gaussian(3, 4, 3), (i: number) => i],
  ])('stays finite with %s', async (_, x, classOf) => {
    const all = { x, predicted: x.map((__, i) => classOf(i)) };
    const state = await fitRows(detector, { trusted: all, untrusted: all }, params);
    // Among them a class that nothing was predicted as.
    for (const predicted of [all.predicted, x.map(() => 3)]) {
      const scores = await scoreRows(detector, state, { x: x.map((row) => row.map((v) => v + 1)), predicted });
      for (const score of scores) expect(Number.isFinite(score)).toBe(true);
    }
  });
});

describe('activation-clustering', () => {
  it('suspects no class whose clusters are of like size', async () => {
    const state = await fitRows(activationClustering, { untrusted: data(1, 100, 95) }, { size_threshold: 0.3 });
    const [score] = await scoreRows(activationClustering, state, { x: [poisonShift], predicted: [0] });
    expect(score).toBe(0);
  });

  it('is the place between two clusters: 0 at the large one, the silhouette at the small one', async () => {
    const x = [
      ...Array.from({ length: 30 }, (_, i) => [i % 2 === 0 ? -0.5 : 0.5]),
      ...Array.from({ length: 6 }, () => [10]),
    ];
    const state = await fitRows(activationClustering, { untrusted: { x } }, { reduction: 'pca' });
    const [large, small, middle] = await scoreRows(activationClustering, state, { x: [[0], [10], [5]] });
    // Large: 0.5 to the own centre, 9.5 or 10.5 to the other; small: 0 to the own.
    const silhouette = (15 * (9 / 9.5 + 10 / 10.5) + 6) / 36;
    expect(large).toBeCloseTo(0, 10);
    expect(small).toBeCloseTo(silhouette, 10);
    expect(middle).toBeCloseTo(silhouette / 2, 10);
  });
});

describe('scan', () => {
  it('weighs the contaminated class and hardly any other', async () => {
    const state = await fitRows(scan, { trusted: data(100, 100, 0), untrusted: data(200, 200, 80) });
    const [poison, other] = await scoreRows(scan, state, {
      x: [poisonShift, [0, 8, 0, 0, 5, -5]],
      predicted: [0, 1],
    });
    expect(poison).toBeGreaterThan(0.8);
    expect(Math.abs(other!)).toBeLessThan(poison! / 2);
  });

  it('takes the group away from the trusted mean for poison, even where it is the larger', async () => {
    const untrusted = data(200, 60, 120);
    const state = await fitRows(scan, { trusted: data(100, 100, 0), untrusted });
    const [poison, clean] = await scoreRows(scan, state, { x: [poisonShift, centres[0]!], predicted: [0, 0] });
    expect(poison).toBeGreaterThan(clean! + 0.5);
  });
});

describe('spectre', () => {
  it('scores clean samples 1 on average', async () => {
    const x = gaussian(1, 1500, 5);
    const state = await fitRows(spectre, { untrusted: { x } });
    const scores = await scoreRows(spectre, state, { x: gaussian(2, 1500, 5) });
    expect(scores.reduce((sum, score) => sum + score, 0) / 1500).toBeGreaterThan(0.85);
    expect(scores.reduce((sum, score) => sum + score, 0) / 1500).toBeLessThan(1.3);
  });

  it('finds poison along a direction of little variance, which spectral methods miss', async () => {
    const wide = (row: number[]) => row.map((value, j) => (j === 0 ? 30 * value : value));
    const x = [...gaussian(1, 500, 6).map(wide), ...gaussian(2, 25, 6, [0, 0, 7, 7]).map(wide)];
    const state = await fitRows(spectre, { untrusted: { x } });
    const clean = await scoreRows(spectre, state, { x: gaussian(3, 100, 6).map(wide) });
    const poison = await scoreRows(spectre, state, { x: gaussian(4, 100, 6, [0, 0, 7, 7]).map(wide) });
    expect(auroc(clean, poison)).toBeGreaterThan(0.98);
  });
});

describe('robustSubset', () => {
  const planted = (n: number, at: number[]) => Array.from({ length: n }, () => at);

  it('keeps Gaussian rows and drops far planted ones', () => {
    const clean = gaussian(1, 800, 3);
    const kept = robustSubset(Float32Array.from([...clean, ...planted(10, [300, 0, 0])].flat()), 3, {
      fraction: 0.05,
      limit: 80,
    });
    expect([...kept].filter((i) => i >= 800)).toEqual([]);
    expect(kept.length).toBe(800);
  });

  it('removes no more than it may', () => {
    const x = Float32Array.from([...gaussian(1, 300, 2), ...planted(20, [500, 0])].flat());
    expect(robustSubset(x, 2, { fraction: 0.05, limit: 7 }).length).toBeGreaterThanOrEqual(313);
  });
});

describe('quantumEntropyForm', () => {
  it('is the exponential of the excess over its trace', () => {
    // Eigenvalues 1 and 3: exponents 0 and alpha.
    const form = quantumEntropyForm(Float64Array.of(2, 1, 1, 2), 2, 4);
    const high = Math.exp(4) / (1 + Math.exp(4));
    expect(form[0]).toBeCloseTo(0.5, 12);
    expect(form[1]).toBeCloseTo((high - (1 - high)) / 2, 12);
  });

  it('weighs all directions alike where none has excess variance', () => {
    expect([...quantumEntropyForm(Float64Array.of(1, 0, 0, 0.5), 2, 4)]).toEqual([0.5, 0, 0, 0.5]);
  });
});
