import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differenceOverSeeds, figureOverSeeds, type SeedScores } from '../../../main/evaluation/across/across-seeds.ts';
import { influenceOn } from '../../../main/evaluation/across/influence.ts';
import { deviationOf, meanOf } from '../../../main/evaluation/across/mean-deviation.ts';
import { metricFigures } from '../../../main/evaluation/across/metric-figures.ts';
import { delongTest } from '../../../main/evaluation/delong.ts';
import { RandomStream } from '../../../main/tensor/random.ts';
import { matrixMetricIds, type MatrixMetric } from '../../../shared/domain/result-matrix.ts';
import { quantile } from '../../../shared/scores/quantile.ts';
import { rankScores } from '../../../shared/scores/ranked-scores.ts';
import { labelled } from '../labelled.ts';

const figure = (metric: MatrixMetric, scores: Float64Array, labels: Uint8Array) =>
  metricFigures[metric].of(rankScores(scores, labels));

/** `n` samples a class, those of one place alike in difficulty by `common`; clean ones first. */
function simulated(
  stream: RandomStream,
  n: number,
  shift: number,
  common?: Float64Array,
): SeedScores & { scores: Float64Array } {
  const labels = Uint8Array.from({ length: 2 * n }, (_, i) => (i < n ? 0 : 1));
  const scores = Float64Array.from(labels, (label, i) => stream.normal() + label * shift + (common?.[i] ?? 0));
  return { scores, labels };
}

/** Seeds that differ in how far the classes are apart. */
const simulatedSeeds = (count: number, n: number, seed: number) => {
  const stream = RandomStream.from(seed);
  return Array.from({ length: count }, () => simulated(stream, n, 1.6 + 0.25 * stream.normal()));
};

/** Places of a plain bootstrap within either class, clean ones first. */
const drawnPlaces = (stream: RandomStream, n: number) =>
  Int32Array.from({ length: 2 * n }, (_, i) => stream.integer(n) + (i < n ? 0 : n));

const taken = (scores: Float64Array, places: Int32Array) => Float64Array.from(places, (place) => scores[place]!);

/** The hierarchical bootstrap as it is written in books: draws seeds, draws samples within each draw, ranks them. */
function plainBootstrap(metric: MatrixMetric, seeds: readonly (readonly Float64Array[])[], n: number, rounds: number) {
  const stream = RandomStream.from(99);
  const { labels } = simulated(stream, n, 0);
  const drawn = Array.from({ length: rounds }, () =>
    meanOf(
      seeds.map(() => {
        const [a, b] = seeds[stream.integer(seeds.length)]!;
        const places = drawnPlaces(stream, n);
        const own = figure(metric, taken(a!, places), labels);
        return b === undefined ? own : own - figure(metric, taken(b, places), labels);
      }),
    ),
  );
  const sorted = Float64Array.from(drawn).sort();
  return { lower: quantile(sorted, 0.025), upper: quantile(sorted, 0.975) };
}

/** Samples a class: with fewer than a hundred clean ones 1 % is none, and the rate hangs on one sample. */
const sizeFor = (metric: MatrixMetric) => (metric === 'tpr_at_1' ? 200 : 60);

/** Both bounds, up to a share of the width; plain bootstrap and drawn quantiles have errors of some 3 and 6 %. */
function expectClose(
  found: { lower: number; upper: number },
  expected: { lower: number; upper: number },
  share: number,
): void {
  const width = expected.upper - expected.lower;
  expect(Math.abs(found.lower - expected.lower) / width).toBeLessThan(share);
  expect(Math.abs(found.upper - expected.upper) / width).toBeLessThan(share);
}

describe('mean and deviation', () => {
  it('by hand', () => {
    expect(meanOf([1, 2, 6])).toBe(3);
    expect(deviationOf([1, 2, 6])).toBeCloseTo(Math.sqrt(7), 14);
    expect(deviationOf([4])).toBeNull();
  });
});

describe('influence of samples', () => {
  it.each(['auroc', 'average_precision'] as const)('on %s is what drawing one in place of another does', (metric) => {
    const n = 1000;
    const { scores, labels } = simulated(RandomStream.from(4), n, 1);
    const influence = influenceOn(metric, scores, labels);
    const value = figure(metric, scores, labels);
    for (const [out, twice] of [
      [0, 17],
      [999, 3],
      [1000, 1700],
      [1999, 1001],
      [1234, 1432],
    ] as const) {
      // prettier-ignore
      const redrawn = figure(metric, scores.with(out, scores[twice]!), labels);
      expect((redrawn - value) * n).toBeCloseTo(influence[twice]! - influence[out]!, 2);
    }
  });

  it('of rounded scores, in the given order', () => {
    const [scores, labels] = labelled([2, 3, 3], [1, 3]);
    // Placements .5, .75, .75 and 1, 1/3 about their mean 2/3.
    [-1 / 6, 1 / 12, 1 / 12, 1 / 3, -1 / 3].forEach((value, i) =>
      expect(influenceOn('auroc', scores, labels)[i]).toBeCloseTo(value, 14),
    );
  });
});

describe('a figure over seeds', () => {
  it.each(matrixMetricIds)('of one seed has the interval of its run: %s', (metric) => {
    const [seed] = simulatedSeeds(1, 60, 2);
    const { value, lower, upper } = metricFigures[metric].interval(seed!.scores, seed!.labels);
    expect(figureOverSeeds(metric, [seed!])).toEqual({
      values: [value],
      mean: value,
      deviation: null,
      lower,
      upper,
      fromSamples: (upper - lower) / 2,
      fromSeeds: null,
    });
  });

  it.each(matrixMetricIds)('has the interval of the plain bootstrap: %s', (metric) => {
    const n = sizeFor(metric);
    const seeds = simulatedSeeds(12, n, 7);
    const found = figureOverSeeds(metric, seeds);
    const plain = plainBootstrap(metric, seeds.map(({ scores }) => [scores]), n, 600); // prettier-ignore
    expectClose(found, plain, 0.15);
    expect(found.mean).toBeCloseTo(meanOf(seeds.map(({ scores, labels }) => figure(metric, scores, labels))), 12);
    expect(found.deviation).toBe(deviationOf(found.values));
  });

  it.each(matrixMetricIds)('has the interval of the plain bootstrap for samples that seeds share: %s', (metric) => {
    const stream = RandomStream.from(13);
    const n = sizeFor(metric);
    const common = Float64Array.from({ length: 2 * n }, () => 1.5 * stream.normal());
    const groups = Int32Array.from(common.keys());
    const seeds = Array.from({ length: 6 }, () => ({ ...simulated(stream, n, 3, common), groups }));
    const { labels } = seeds[0]!;
    const drawn = Array.from({ length: 600 }, () => {
      const places = drawnPlaces(stream, n);
      return meanOf(seeds.map(({ scores }) => figure(metric, taken(scores, places), labels)));
    });
    const sorted = Float64Array.from(drawn).sort();
    const width = quantile(sorted, 0.975) - quantile(sorted, 0.025);
    const found = figureOverSeeds(metric, seeds);
    expect(Math.abs((2 * found.fromSamples) / width - 1)).toBeLessThan(0.15);
    // Taken for samples of their own in each seed they would average out.
    const apart = figureOverSeeds(metric, seeds.map(({ scores }) => ({ scores, labels }))); // prettier-ignore
    expect(apart.fromSamples).toBeLessThan(0.75 * found.fromSamples);
  });

  it.each(matrixMetricIds)('does not become surer by repeating samples of a group: %s', (metric) => {
    const seeds = simulatedSeeds(2, 100, 21).map((seed) => ({ ...seed, groups: Int32Array.from(seed.labels.keys()) }));
    const repeated = seeds.map(({ scores, labels, groups }) => {
      const places = Int32Array.from({ length: 4 * labels.length }, (_, k) => k % labels.length);
      return {
        scores: taken(scores, places),
        labels: Uint8Array.from(places, (place) => labels[place]!),
        groups: Int32Array.from(places, (place) => groups[place]!),
      };
    });
    const once = figureOverSeeds(metric, seeds);
    const often = figureOverSeeds(metric, repeated);
    expect(often.fromSamples / once.fromSamples).toBeGreaterThan(0.85);
    expect(often.fromSamples / once.fromSamples).toBeLessThan(1.15);
    const ungrouped = figureOverSeeds(metric, repeated.map(({ scores, labels }) => ({ scores, labels }))); // prettier-ignore
    expect(ungrouped.fromSamples).toBeLessThan(0.75 * once.fromSamples);
  });

  it('draws seeds as all their 27 choices say', () => {
    const seeds = simulatedSeeds(3, 200, 3);
    const { values, fromSeeds } = figureOverSeeds('auroc', seeds);
    // Three times the lowest, or the highest, is 1 of 27 choices: more than 2.5 %. Scaled by sqrt(3 / 2).
    const reach = Math.max(...values) - Math.min(...values);
    expect(fromSeeds).toBeCloseTo((Math.sqrt(1.5) * reach) / 2, 12);
  });

  it('claims no more than the rule of three for perfect seeds, nor for the worst', () => {
    const perfect = [1, 2].map((s) => {
      const [scores, labels] = labelled([10 + s, 20, 30, 40, 50, 60], [1, 2, 3, 4, 5]);
      return { scores, labels };
    });
    expect(figureOverSeeds('auroc', perfect)).toMatchObject({ mean: 1, deviation: 0, upper: 1, fromSeeds: 0 });
    expect(figureOverSeeds('auroc', perfect).lower).toBeCloseTo(1 - 3 / 5, 12);
    expect(figureOverSeeds('tpr_at_5', perfect).lower).toBeCloseTo(1 - 3 / 6, 12);
    expect(figureOverSeeds('fpr_at_95', perfect)).toMatchObject({ mean: 0, lower: 0, upper: 3 / 5 });
    const worst = perfect.map(({ scores, labels }) => ({ scores: scores.map((score) => -score), labels }));
    expect(figureOverSeeds('auroc', worst)).toMatchObject({ mean: 0, lower: 0, upper: 3 / 5 });
  });

  it.each(matrixMetricIds)('stays within 0 and 1 and around its mean, whatever the samples: %s', (metric) => {
    const seed = fc
      .tuple(
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 12, maxLength: 12 }),
      )
      .map(([anomalous, clean, numbers]) => {
        const [scores, labels] = labelled(anomalous, clean);
        return { scores, labels, groups: Int32Array.from(labels, (_, i) => numbers[i]!) };
      });
    fc.assert(
      fc.property(fc.array(seed, { minLength: 1, maxLength: 4 }), fc.boolean(), (seeds, grouped) => {
        const given = grouped ? seeds : seeds.map(({ scores, labels }) => ({ scores, labels }));
        const { mean, lower, upper, fromSamples } = figureOverSeeds(metric, given, { resamples: 50 });
        expect(lower).toBeGreaterThanOrEqual(0);
        expect(lower).toBeLessThanOrEqual(mean);
        expect(upper).toBeGreaterThanOrEqual(mean);
        expect(upper).toBeLessThanOrEqual(1);
        expect(fromSamples).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('is the same for the same seed of the bootstrap, and another for another', () => {
    const seeds = simulatedSeeds(3, 50, 17);
    expect(figureOverSeeds('tpr_at_5', seeds)).toEqual(figureOverSeeds('tpr_at_5', seeds));
    expect(figureOverSeeds('auroc', seeds, { seed: 1 }).lower).not.toBe(figureOverSeeds('auroc', seeds).lower);
  });

  it('needs a seed', () => {
    expect(() => figureOverSeeds('auroc', [])).toThrow('expected the scores of at least one');
    expect(() => differenceOverSeeds('auroc', [])).toThrow('expected the scores of at least one');
  });
});

describe('figures over seeds by numpy and scikit-learn', () => {
  // numpy 2.4.6, scikit-learn 1.9.1; 4,000 rounds of a nested bootstrap that draws twelve seeds and, for each, 80 + 80 of its samples:
  //   for s in rng.integers(0, 12, 12): i = concatenate([rng.choice(flatnonzero(label == k), 80) for k in (0, 1)])
  //     total += [roc_auc_score(label[i], score[i]), average_precision_score(...), mean(anomalous > clean_descending[4]),
  //               mean(clean >= anomalous_descending[75])]
  /** Detector `d` on the samples of seed `s`: scores that any language computes alike. */
  const scored = (s: number, d: number) =>
    Float64Array.from({ length: 160 }, (_, i) => {
      const noise = ((i * 37 + s * 53 + ((i * i * (7 + 4 * d)) % 61) * 3) % 101) / 101;
      return noise + (i % 2) * (0.25 + 0.03 * s - 0.05 * d);
    });
  const labels = Uint8Array.from({ length: 160 }, (_, i) => i % 2);
  const seeds = Array.from({ length: 12 }, (_, s) => ({ scores: [scored(s, 0), scored(s, 1)] as const, labels }));

  it.each([
    ['auroc', 0.8241145833333333, 0.05847240591755977, 0.7876025390625, 0.8581930338541668],
    ['average_precision', 0.844173747689382, 0.05122879024189166, 0.8142636631981782, 0.8752694654801585],
    ['tpr_at_5', 0.47395833333333326, 0.11622107818787225, 0.41562499999999997, 0.553125],
    ['fpr_at_95', 0.5156249999999999, 0.09109887859802766, 0.45416666666666666, 0.5708333333333333],
  ] as const)('of one detector: %s', (metric, mean, deviation, lower, upper) => {
    const found = figureOverSeeds(metric, seeds.map(({ scores: [scores] }) => ({ scores, labels }))); // prettier-ignore
    expect(found.mean).toBeCloseTo(mean, 12);
    expect(found.deviation).toBeCloseTo(deviation, 12);
    expectClose(found, { lower, upper }, 0.1);
  });

  it.each([
    ['auroc', 0.027408854166666653, -0.0008483072916667771, 0.05734505208333336],
    ['average_precision', 0.024400720683684273, 0.00012114629543344161, 0.04967383099707181],
    ['tpr_at_5', 0.03854166666666666, -0.01770833333333327, 0.10104166666666664],
    ['fpr_at_95', -0.05625, -0.10937499999999989, -0.0010156249999998504],
  ] as const)('of the difference of two: %s', (metric, mean, lower, upper) => {
    const found = differenceOverSeeds(metric, seeds);
    expect(found.mean).toBeCloseTo(mean, 12);
    expectClose(found, { lower, upper }, 0.1);
  });
});

describe('a paired difference over seeds', () => {
  /** Two detectors that see much of the same. */
  function pairs(count: number, n: number, gain: number) {
    const stream = RandomStream.from(31);
    return Array.from({ length: count }, () => {
      const { scores, labels } = simulated(stream, n, 1.5 + 0.2 * stream.normal());
      const better = scores.map((score, i) => score + 0.4 * stream.normal() + gain * labels[i]!);
      return { scores: [better, scores] as const, labels };
    });
  }

  it.each(matrixMetricIds)('has the interval of the plain bootstrap: %s', (metric) => {
    const n = sizeFor(metric);
    const seeds = pairs(12, n, 0.3);
    const found = differenceOverSeeds(metric, seeds);
    const plain = plainBootstrap(metric, seeds.map(({ scores }) => scores), n, 600); // prettier-ignore
    expectClose(found, plain, 0.15);
    expect(found.values).toEqual(
      seeds.map(({ scores: [a, b], labels }) => figure(metric, a, labels) - figure(metric, b, labels)),
    );
  });

  it("has DeLong's interval for one seed", () => {
    const [seed] = pairs(1, 400, 0.3);
    const { difference, lower, upper } = delongTest(...seed!.scores, seed!.labels);
    const found = differenceOverSeeds('auroc', [seed!]);
    expect(found.mean).toBeCloseTo(difference, 12);
    expect(found).toMatchObject({ deviation: null, fromSeeds: null });
    expectClose(found, { lower, upper }, 0.08);
  });

  it.each(matrixMetricIds)('is turned round with its detectors, and nothing for one with itself: %s', (metric) => {
    const seeds = pairs(3, 60, 0.3);
    const turned = seeds.map(({ scores: [a, b], labels }) => ({ scores: [b, a] as const, labels }));
    const [one, other] = [differenceOverSeeds(metric, seeds), differenceOverSeeds(metric, turned)];
    expect(other.mean).toBeCloseTo(-one.mean, 12);
    expectClose({ lower: -other.upper, upper: -other.lower }, one, 0.1);
    const same = seeds.map(({ scores: [a], labels }) => ({ scores: [a, a] as const, labels }));
    const none = differenceOverSeeds(metric, same);
    expect(none.mean).toBe(0);
    expect(none.lower).toBeCloseTo(0, 9);
    expect(none.upper).toBeCloseTo(0, 9);
  });

  it('claims no more than the rule of three where both are perfect', () => {
    const [a, labels] = labelled([10, 20, 30, 40, 50, 60], [1, 2, 3, 4, 5]);
    const b = a.map((score) => score * score);
    const { mean, lower, upper } = differenceOverSeeds('auroc', [{ scores: [a, b], labels }]);
    expect([mean, lower, upper].map((value) => Number(value.toFixed(12)))).toEqual([0, -0.6, 0.6]);
  });
});
