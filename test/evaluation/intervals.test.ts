import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { incompleteBeta, student95 } from '../../main/evaluation/beta.ts';
import { aurocCovariance, aurocInterval, delongTest, placements } from '../../main/evaluation/delong.ts';
import { fprAtTpr, rateAtFpr } from '../../main/evaluation/figures-of-merit.ts';
import { normalTwoSidedTail } from '../../main/evaluation/normal.ts';
import { averagePrecisionInterval, averagePrecisionVariance } from '../../main/evaluation/precision-interval.ts';
import { fprAtTprInterval, rateAtFprInterval } from '../../main/evaluation/rate-intervals.ts';
import { rankScores } from '../../shared/scores/ranked-scores.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { trueFigures } from './binormal.ts';
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
    // Anomalous 4 and 1 around clean 2 and 3, five times each: placements 1, 0 and 0.5, 0.5; variance (5 / 18) / 10 + 0.
    const five = (values: number[]) => Array<number[]>(5).fill(values).flat();
    const interval = aurocInterval(...labelled(five([4, 1]), five([2, 3])));
    const half = 1.959963984540054 * Math.sqrt(1 / 36) * 4;
    expect(interval).toMatchObject({ value: 0.5, method: 'delong-logit', oneSided: false });
    expect(interval.upper).toBeCloseTo(1 / (1 + Math.exp(-half)), 12);
    expect(interval.lower).toBeCloseTo(1 / (1 + Math.exp(half)), 12);
  });

  it('is never tighter than that of a perfect ranking of as many samples, nor of the worst', () => {
    const stream = RandomStream.from(31);
    for (let round = 0; round < 300; round++) {
      const [m, n] = [2 + stream.integer(40), 2 + stream.integer(40)];
      const [scores, labels] = simulated(stream, m, n, 6 * stream.uniform() - 3);
      const { value, lower, upper } = aurocInterval(scores, labels);
      const [least, most] = [Math.max(0, 1 - 3 / Math.min(m, n)), Math.min(1, 3 / Math.min(m, n))];
      expect(lower).toBeLessThanOrEqual(value === 0 ? 0 : least + 1e-12);
      expect(upper).toBeGreaterThanOrEqual(value === 1 ? 1 : most - 1e-12);
    }
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
    const interval = averagePrecisionInterval(rankScores(...labelled(up(100, 1000), up(100, 0))));
    const onTop = up(100, 1).reduce((sum, k) => sum + k / (k + 3), 0) / 100;
    expect(interval).toMatchObject({ value: 1, upper: 1, method: 'rule-of-three', oneSided: true });
    expect(interval.lower).toBeCloseTo(onTop, 12);
  });
});

describe('beta and t', () => {
  it.each([
    [0.3, 0.5, 0.5, 0.36901011956554536],
    [0.01, 0.5, 50.5, 0.6851152385491805],
    [0.97, 950.5, 30.5, 0.5561980900779275],
    [0.5, 10, 10, 0.5],
    [1e-9, 0.5, 5000.5, 0.0025231913962224265],
    [0.999, 20000.5, 0.5, 2.5130976752614737e-10],
  ])('incomplete beta function of %d, %d, %d as scipy', (x, a, b, expected) => {
    expect(incompleteBeta(x, a, b) / expected).toBeCloseTo(1, 10);
    expect(incompleteBeta(1 - x, b, a)).toBeCloseTo(1 - expected, 10);
  });

  it.each([
    [1, 12.706204736174694],
    [2, 4.302652729749462],
    [4, 2.7764451051977934],
    [10, 2.228138851986274],
    [100, 1.9839715185235518],
    [1000, 1.9623390808264083],
  ])('%d degrees of freedom as scipy', (freedom, expected) => {
    expect(student95(freedom) / expected).toBeCloseTo(1, 10);
  });
});

describe('average precision', () => {
  /** Average precision with every sample counting `weights` times. */
  function weighted(scores: Float64Array, labels: Uint8Array, weights: Float64Array, m: number, n: number): number {
    const total = (label: number) => weights.reduce((sum, w, i) => sum + (labels[i] === label ? w : 0), 0);
    const [a, c] = [total(1), total(0)];
    let sum = 0;
    for (let i = 0; i < scores.length; i++) {
      if (labels[i] === 0) continue;
      let [tp, fp] = [0, 0];
      for (let k = 0; k < scores.length; k++)
        if (scores[k]! >= scores[i]!)
          if (labels[k] === 1) tp += weights[k]! / a;
          else fp += weights[k]! / c;
      sum += ((weights[i]! / a) * m * tp) / (m * tp + n * fp);
    }
    return sum;
  }

  it('has the variance of the infinitesimal jackknife', () => {
    const stream = RandomStream.from(12);
    const [drawn, labels] = simulated(stream, 9, 23, 1);
    // Rounded, so that some are equal.
    const scores = drawn.map((value) => Math.round(3 * value));
    const ones = new Float64Array(scores.length).fill(1);
    const step = 1e-5;
    const slopes = [...scores].map((_, i) => {
      const at = (w: number) => weighted(scores, labels, Float64Array.from(ones).fill(1 + w, i, i + 1), 9, 23);
      return (at(step) - at(-step)) / (2 * step);
    });
    // The slope for a weight is the influence over the size of the class; they sum to 0 within a class.
    const of = (label: number, size: number) =>
      (slopes.reduce((sum, slope, i) => sum + (labels[i] === label ? slope ** 2 : 0), 0) * size) / (size - 1);
    expect(averagePrecisionVariance(rankScores(scores, labels)) / (of(1, 9) + of(0, 23))).toBeCloseTo(1, 6);
  });

  it('lies within its bounds, whatever the order of the samples', () => {
    const [scores, labels] = simulated(RandomStream.from(6), 30, 300, 2);
    const found = averagePrecisionInterval(rankScores(scores, labels));
    expect(found).toMatchObject({ method: 'influence-logit', oneSided: false });
    expect(found.lower).toBeLessThan(found.value);
    expect(found.upper).toBeGreaterThan(found.value);
    expect(averagePrecisionInterval(rankScores(scores.slice().reverse(), labels.slice().reverse()))).toEqual(found);
  });

  it('of equal scores says no more than the rule of three', () => {
    const same = Array<number>(30).fill(1);
    expect(averagePrecisionInterval(rankScores(...labelled(same, same)))).toMatchObject({
      value: 0.5,
      method: 'rule-of-three',
    });
  });
});

describe('rates at a threshold', () => {
  it('has the quantiles of the mixture, drawn', () => {
    const stream = RandomStream.from(21);
    const [scores, labels] = simulated(stream, 12, 40, 1.5);
    const split = (label: number) => [...scores].filter((_, i) => labels[i] === label).sort((a, b) => b - a);
    const [anomalous, clean] = [split(1), split(0)];
    const chiSquare = (freedom: number) =>
      Array.from({ length: freedom }, () => stream.normal() ** 2).reduce((sum, square) => sum + square, 0);
    const drawn = Array.from({ length: 40_000 }, () => {
      const k = clean.filter(() => stream.uniform() < 0.05).length;
      const [above, below] = [clean[k - 1] ?? Infinity, clean[k] ?? -Infinity];
      const [least, most] = [above, below].map((limit) => anomalous.filter((score) => score > limit).length);
      const count = least! + stream.integer(most! - least! + 1);
      const [x, y] = [chiSquare(2 * count + 1), chiSquare(2 * (12 - count) + 1)];
      return x / (x + y);
    }).sort((a, b) => a - b);
    const { lower, upper } = rateAtFprInterval(rankScores(scores, labels), 0.05);
    expect(lower).toBeCloseTo(drawn[1000]!, 2);
    expect(upper).toBeCloseTo(drawn[39_000]!, 2);
  });

  it('are mirrored: missed at a share of the caught', () => {
    const [scores, labels] = simulated(RandomStream.from(22), 60, 80, 1);
    const other = rateAtFprInterval(
      rankScores(
        scores.map((score) => -score),
        labels.map((label) => 1 - label),
      ),
      0.05,
    );
    const found = fprAtTprInterval(rankScores(scores, labels), 0.95);
    expect(found.value).toBe(fprAtTpr(scores, labels, 0.95));
    expect(found.value).toBeCloseTo(1 - other.value, 12);
    expect(found.lower).toBeCloseTo(1 - other.upper, 10);
    expect(found.upper).toBeCloseTo(1 - other.lower, 10);
  });

  it('hold their value for any samples, equal scores and one sample of a class among them', () => {
    const stream = RandomStream.from(23);
    for (let round = 0; round < 300; round++) {
      const [drawn, labels] = simulated(stream, 1 + stream.integer(30), 1 + stream.integer(400), 4 * stream.uniform());
      const scores = drawn.map((value) => Math.round(value * 10 ** stream.integer(4)));
      for (const interval of [
        rateAtFprInterval(rankScores(scores, labels), 0.01),
        fprAtTprInterval(rankScores(scores, labels), 0.95),
      ]) {
        expect(interval.lower).toBeGreaterThanOrEqual(0);
        expect(interval.lower).toBeLessThanOrEqual(interval.value);
        expect(interval.upper).toBeGreaterThanOrEqual(interval.value);
        expect(interval.upper).toBeLessThanOrEqual(1);
      }
    }
  });

  it('say that 50 clean samples cannot tell what is caught at 1 % false alarms', () => {
    const [scores, labels] = simulated(RandomStream.from(24), 50, 50, 3);
    const { lower, upper } = rateAtFprInterval(rankScores(scores, labels), 0.01);
    expect(rateAtFpr(scores, labels, 0.01)).toBeGreaterThan(0.5);
    expect(lower).toBeLessThan(0.2);
    expect(upper).toBeGreaterThan(0.8);
  });
});

describe('coverage in 400 simulations', () => {
  // P(X > Y) = Phi(shift / sqrt 2) for unit normals; the bench "coverage" has more settings, and more simulations.
  it.each([
    [40, 60, 1.5],
    [25, 25, 4.37],
    [20, 180, 3.29],
    [100, 100, 2.66],
  ])('%i anomalous, %i clean, %f deviations apart', (m, n, shift) => {
    const truth = trueFigures(shift, m / (m + n));
    const stream = RandomStream.from(20240611, 'coverage', m, n);
    const covered: Record<string, number> = { auroc: 0, ap: 0, tpr: 0, fpr: 0 };
    for (let round = 0; round < 400; round++) {
      const [scores, labels] = simulated(stream, m, n, shift);
      const ranked = rankScores(scores, labels);
      const intervals = {
        auroc: aurocInterval(scores, labels),
        ap: averagePrecisionInterval(ranked),
        tpr: rateAtFprInterval(ranked, 0.05),
        fpr: fprAtTprInterval(ranked, 0.95),
      };
      for (const [name, { lower, upper }] of Object.entries(intervals))
        if (lower <= truth[name as keyof typeof truth] && truth[name as keyof typeof truth] <= upper) covered[name]!++;
    }
    // Three deviations of 400 draws below 0.95.
    for (const [name, count] of Object.entries(covered)) expect(count / 400, name).toBeGreaterThan(0.917);
  });
});
