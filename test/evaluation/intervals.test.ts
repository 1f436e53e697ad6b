import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bootstrapIntervals } from '../../main/evaluation/bootstrap.ts';
import { aurocCovariance, aurocInterval, delongTest, placements } from '../../main/evaluation/delong.ts';
import { averagePrecisionInterval } from '../../main/evaluation/evaluate-scores.ts';
import { averagePrecisionOf, rateAtFprOf } from '../../main/evaluation/figures-of-merit.ts';
import { normalTwoSidedTail } from '../../main/evaluation/normal.ts';
import { rankScores } from '../../shared/scores/ranked-scores.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { labelled } from './labelled.ts';

const fixture = JSON.parse(readFileSync(new URL('fixtures/scikit-learn.json', import.meta.url), 'utf8')) as {
  cases: { name: string; scores: number[]; labels: number[]; delong_variance: number }[];
  paired: {
    a: number[];
    b: number[];
    labels: number[];
    difference: number;
    covariance: number[][];
    z: number;
    p: number;
  };
  normal_two_sided_tail: [number, number][];
};

/** `m` anomalous scores from N(shift, 1) and `n` clean ones from N(0, 1). */
function simulated(stream: RandomStream, m: number, n: number, shift: number): [Float64Array, Uint8Array] {
  const draw = (size: number, mean: number) => Array.from({ length: size }, () => mean + stream.normal());
  return labelled(draw(m, shift), draw(n, 0));
}

describe('DeLong', () => {
  it.each(fixture.cases)('variance as by the O(mn) formula: $name', ({ scores, labels, delong_variance }) => {
    const placed = placements(Float64Array.from(scores), Uint8Array.from(labels));
    expect(aurocCovariance(placed, placed) / delong_variance).toBeCloseTo(1, 10);
  });

  it('paired test as by the O(mn) formula', () => {
    const { a, b, labels, difference, covariance, z, p } = fixture.paired;
    const test = delongTest(Float64Array.from(a), Float64Array.from(b), Uint8Array.from(labels));
    expect(test.difference).toBeCloseTo(difference, 12);
    test.covariance.flat().forEach((value, i) => expect(value / covariance.flat()[i]!).toBeCloseTo(1, 10));
    expect(test.z).toBeCloseTo(z, 10);
    expect(test.p! / p).toBeCloseTo(1, 10);
    expect((test.upper + test.lower) / 2).toBeCloseTo(difference, 12);
    expect((test.upper - test.lower) / (2 * 1.959963984540054)).toBeCloseTo(Math.abs(difference / z), 12);
  });

  it('a detector does not differ from itself', () => {
    const [scores, labels] = simulated(RandomStream.from(5), 20, 30, 1);
    expect(delongTest(scores, scores, labels)).toMatchObject({ difference: 0, z: 0, p: 1 });
  });

  it('says nothing where a difference comes without spread', () => {
    const [perfect, labels] = labelled([3, 4], [1, 2]);
    const constant = perfect.map(() => 1);
    expect(delongTest(perfect, constant, labels)).toMatchObject({ difference: 0.5, z: null, p: null });
  });

  it('refuses a paired test with one sample of a class', () => {
    const [scores, labels] = labelled([3], [1, 2]);
    expect(() => delongTest(scores, scores, labels)).toThrow('two samples of each class, found 1 + 2');
  });

  it('interval by hand: logit 0 plus or minus 1.96 times 4 times the deviation', () => {
    // Anomalous 4 and 1 around clean 2 and 3: placements 1, 0 and 0.5, 0.5; variance 0.5 / 2 + 0.
    const interval = aurocInterval(...labelled([4, 1], [2, 3]));
    const half = 1.959963984540054 * Math.sqrt(0.25) * 4;
    expect(interval).toMatchObject({ value: 0.5, method: 'delong-logit', oneSided: false });
    expect(interval.upper).toBeCloseTo(1 / (1 + Math.exp(-half)), 12);
    expect(interval.lower).toBeCloseTo(1 / (1 + Math.exp(half)), 12);
  });

  it('covers the true AUROC in about 95 of 100 simulations', () => {
    const stream = RandomStream.from(20240611, 'coverage');
    // P(X > Y) = Phi(shift / sqrt 2) for unit normals.
    const truth = 1 - normalTwoSidedTail(1.5 / Math.SQRT2) / 2;
    const rounds = 1500;
    let covered = 0;
    for (let round = 0; round < rounds; round++) {
      const { lower, upper } = aurocInterval(...simulated(stream, 40, 60, 1.5));
      if (lower <= truth && truth <= upper) covered++;
    }
    expect(covered / rounds).toBeGreaterThan(0.93);
    expect(covered / rounds).toBeLessThan(0.97);
  });
});

describe('normal tail', () => {
  it.each(fixture.normal_two_sided_tail)('beyond %d as scipy', (z, expected) => {
    expect(normalTwoSidedTail(z) / expected).toBeCloseTo(1, 12);
    expect(normalTwoSidedTail(-z)).toBe(normalTwoSidedTail(z));
  });
});

describe('rule of three', () => {
  const up = (count: number, from: number) => Array.from({ length: count }, (_, i) => from + i);

  it('bounds a perfect AUROC from below by 1 - 3 / min(m, n)', () => {
    for (const [m, n] of [
      [50, 200],
      [200, 50],
    ] as const) {
      const interval = aurocInterval(...labelled(up(m, 1000), up(n, 0)));
      expect(interval).toMatchObject({ value: 1, upper: 1, method: 'rule-of-three', oneSided: true });
      expect(interval.lower).toBeCloseTo(1 - 3 / 50, 12);
    }
  });

  it('is mirrored at 0', () => {
    const interval = aurocInterval(...labelled(up(50, 0), up(200, 1000)));
    expect(interval).toMatchObject({ value: 0, lower: 0, method: 'rule-of-three', oneSided: true });
    expect(interval.upper).toBeCloseTo(3 / 50, 12);
  });

  it('claims nothing from one sample', () => {
    expect(aurocInterval(...labelled([5], [1, 2, 3, 4]))).toMatchObject({
      value: 1,
      lower: 0,
      upper: 1,
      oneSided: true,
    });
    expect(aurocInterval(...labelled([2.5], [1, 2, 3, 4]))).toMatchObject({ lower: 0, upper: 1, oneSided: false });
  });

  it('gives constant scores an interval around guessing', () => {
    const interval = aurocInterval(...labelled(Array<number>(30).fill(1), Array<number>(60).fill(1)));
    expect(interval).toMatchObject({ value: 0.5, method: 'rule-of-three', oneSided: false });
    expect(interval.lower).toBeCloseTo(0.5 - 1.5 / 30, 12);
    expect(interval.upper).toBeCloseTo(0.5 + 1.5 / 30, 12);
  });

  it('bounds a perfect average precision by three clean samples on top', () => {
    const interval = averagePrecisionInterval(...labelled(up(100, 1000), up(100, 0)), { seed: 0 });
    const onTop = up(100, 1).reduce((sum, k) => sum + k / (k + 3), 0) / 100;
    expect(interval).toMatchObject({ value: 1, upper: 1, method: 'rule-of-three', oneSided: true });
    expect(interval.lower).toBeCloseTo(onTop, 12);
  });
});

describe('bootstrap', () => {
  it('agrees with resampling the samples themselves', () => {
    const [scores, labels] = simulated(RandomStream.from(3), 60, 140, 1.2);
    const ranked = rankScores(scores, labels);
    const figures = { AP: averagePrecisionOf, TPR: (r: typeof ranked) => rateAtFprOf(r, 0.05) };
    const intervals = bootstrapIntervals(ranked, figures, RandomStream.from(1), 2000);

    const stream = RandomStream.from(2);
    const anomalous = [...scores].filter((_, i) => labels[i] === 1);
    const clean = [...scores].filter((_, i) => labels[i] === 0);
    const values: Record<keyof typeof figures, number[]> = { AP: [], TPR: [] };
    for (let b = 0; b < 2000; b++) {
      const drawn = (list: number[]) => list.map(() => list[stream.integer(list.length)]!);
      const resample = rankScores(...labelled(drawn(anomalous), drawn(clean)));
      values.AP.push(figures.AP(resample));
      values.TPR.push(figures.TPR(resample));
    }
    for (const name of ['AP', 'TPR'] as const) {
      const sorted = values[name].sort((a, b) => a - b);
      // Two bootstraps of 2000 differ by about a tenth of the interval's half-width at their ends.
      const tolerance = (intervals[name].upper - intervals[name].lower) * 0.12;
      expect(Math.abs(intervals[name].lower - sorted[50]!)).toBeLessThan(tolerance);
      expect(Math.abs(intervals[name].upper - sorted[1949]!)).toBeLessThan(tolerance);
    }
  });

  it('gives the same numbers for the same seed, whatever the order of the samples', () => {
    const [scores, labels] = simulated(RandomStream.from(4), 30, 50, 1);
    const first = averagePrecisionInterval(scores, labels, { seed: 7 });
    expect(averagePrecisionInterval(scores.slice().reverse(), labels.slice().reverse(), { seed: 7 })).toEqual(first);
    expect(averagePrecisionInterval(scores, labels, { seed: 8 })).not.toEqual(first);
  });

  it('contains its value', () => {
    const { value, lower, upper } = averagePrecisionInterval(...simulated(RandomStream.from(6), 300, 300, 2), {
      seed: 0,
    });
    expect(lower).toBeLessThan(value);
    expect(upper).toBeGreaterThan(value);
  });
});
