import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  componentsOfMoments,
  componentsOfRows,
  explainedShares,
  project,
  type PrincipalComponents,
} from '../../main/evaluation/principal-components.ts';
import { midRanks, spearman, spearmanMatrix } from '../../main/evaluation/rank-correlation.ts';
import { GroupedVariance } from '../../main/evaluation/variance-shares.ts';
import { worstMistakes } from '../../shared/scores/worst-mistakes.ts';
import { MomentAccumulator } from '../../main/tensor/linalg/moments.ts';
import { RandomStream } from '../../main/tensor/random.ts';

interface ComponentCase {
  rows: number[][];
  points: number[][];
  axes: number[][];
  variances: number[];
  total: number;
  coordinates: number[][];
}

const fixture = JSON.parse(readFileSync(new URL('fixtures/analysis.json', import.meta.url), 'utf8')) as {
  tall: ComponentCase;
  wide: ComponentCase;
  grouped: { rows: number[][]; classes: number[]; anomalous: number[] } & Record<string, number>;
  scores: number[][];
  spearman: number[][];
};

function flat(rows: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(rows.flat());
}

function ofMoments(rows: readonly (readonly number[])[], count = 2): PrincipalComponents {
  const moments = new MomentAccumulator(rows[0]!.length);
  // In two batches, as a run brings them.
  const half = Math.floor(rows.length / 2);
  moments.update(flat(rows.slice(0, half)), half);
  moments.update(flat(rows.slice(half)), rows.length - half);
  return componentsOfMoments(moments, count);
}

function ofRows(rows: readonly (readonly number[])[], count = 2): PrincipalComponents {
  return componentsOfRows(flat(rows), rows.length, rows[0]!.length, count);
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const worst = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
  expect(worst).toBeLessThanOrEqual(tolerance);
}

describe('principal components', () => {
  it.each(['tall', 'wide'] as const)('are those of numpy (%s), by covariance and by inner products', (name) => {
    const { rows, points, axes, variances, total, coordinates } = fixture[name];
    for (const found of [ofMoments(rows), ofRows(rows)]) {
      expectClose(found.axes, axes.flat(), 1e-9);
      expectClose(found.variances, variances, 1e-9 * total);
      expect(found.totalVariance / total).toBeCloseTo(1, 10);
      expectClose(project(found, flat(points), points.length), coordinates.flat(), 1e-4);
    }
  });

  it('of points on a line lie along it', () => {
    // Mean (1, 2), direction (3, 4) / 5, distances -5, 0, 5 from the mean: variance 25.
    const line = [
      [-2, -2],
      [1, 2],
      [4, 6],
    ];
    for (const found of [ofMoments(line), ofRows(line)]) {
      expectClose(found.mean, [1, 2], 1e-12);
      expectClose(found.axes.subarray(0, 2), [0.6, 0.8], 1e-12);
      expectClose(found.variances, [25, 0], 1e-12);
      expect(found.totalVariance).toBeCloseTo(25, 10);
      expectClose(project(found, flat([[7, 10]]), 1), [10, 0], 1e-6);
    }
  });

  it('of samples that do not vary have no variance, and of one dimension there is one', () => {
    for (const found of [ofMoments([[3], [3], [3]]), ofRows([[3], [3], [3]])]) {
      expect([...found.variances]).toEqual([0]);
      expect(found.totalVariance).toBe(0);
      expect([...project(found, flat([[3]]), 1)]).toEqual([0]);
    }
    const constant = Array.from({ length: 7 }, () => [0.1, 1000.7]);
    for (const found of [ofMoments(constant), ofRows(constant)]) expect(explainedShares(found)).toBeNull();
    expect(
      explainedShares(
        ofMoments([
          [0, 0],
          [3, 0],
          [0, 1],
          [3, 1],
        ]),
      ),
    ).toEqual([0.9, 0.1].map((share) => expect.closeTo(share, 12) as number));
    for (const found of [ofMoments([[1], [3]]), ofRows([[1], [3]])]) expectClose(found.variances, [2], 1e-12);
  });

  it('refuse a single row', () => {
    expect(() => ofRows([[1, 2]])).toThrow(/2 or more rows/);
  });
});

describe('grouped variance', () => {
  it('agrees with numpy far from zero', () => {
    const { rows, classes, anomalous } = fixture.grouped;
    const variance = new GroupedVariance(5);
    const keys = classes.map((k, i) => k * 2 + anomalous[i]!);
    for (const [from, to] of [
      [0, 30],
      [30, 80],
    ])
      variance.update(flat(rows.slice(from, to)), Int32Array.from(keys.slice(from, to)), to! - from!);
    const expected = (name: string) => fixture.grouped[name];
    const close = (share: number | null, name: string) => expect(share).toBeCloseTo(expected(name)!, 11);
    close(
      variance.shareBetween((key) => key >> 1),
      'between_classes',
    );
    close(
      variance.shareBetween((key) => key),
      'between_both',
    );
    close(
      variance.shareBetween((key) => key & 1),
      'between_clean_and_anomalous',
    );
    close(
      variance.shareBetween((key) => (key & 1 ? undefined : key >> 1)),
      'between_classes_of_clean',
    );
  });

  it('by hand: values 0, 2 and 4, 6 are 16 between and 4 within', () => {
    const variance = new GroupedVariance(1);
    variance.update(Float32Array.of(0, 2, 4, 6), Int32Array.of(0, 0, 1, 1), 4);
    expect(variance.shareBetween((key) => key)).toBeCloseTo(0.8, 12);
    expect(variance.shareBetween(() => 0)).toBe(0);
  });

  it('has no share where nothing varies, nothing is there or a value is not finite', () => {
    const constant = new GroupedVariance(2);
    constant.update(Float32Array.of(0.1, 0.7, 0.1, 0.7), Int32Array.of(0, 1), 2);
    expect(constant.shareBetween((key) => key)).toBeNull();
    expect(constant.shareBetween(() => undefined)).toBeNull();
    const broken = new GroupedVariance(1);
    broken.update(Float32Array.of(1, NaN, 2), Int32Array.of(0, 1, 1), 3);
    expect(broken.shareBetween((key) => key)).toBeNull();
  });
});

describe('rank correlation', () => {
  it('ranks ties by their mean', () => {
    expect([...midRanks(Float32Array.of(5, 1, 5, 0, 5))]).toEqual([4, 2, 4, 1, 4]);
  });

  it('agrees with scipy, ties included', () => {
    const found = spearmanMatrix(fixture.scores.map((scores) => Float32Array.from(scores)));
    for (const [i, row] of fixture.spearman.entries())
      for (const [j, value] of row.entries()) expect(found[i]![j]).toBeCloseTo(value, 12);
  });

  it('sees order alone', () => {
    const stream = RandomStream.from(1);
    const scores = Float64Array.from({ length: 40 }, () => stream.normal());
    expect(spearman(scores, scores.map(Math.exp))).toBe(1);
    expect(
      spearman(
        scores,
        scores.map((value) => -(value ** 3)),
      ),
    ).toBe(-1);
  });

  it('is null for scores that are all the same, and refuses other samples', () => {
    expect(spearman(Float32Array.of(1, 1, 1), Float32Array.of(1, 2, 3))).toBeNull();
    expect(() => spearman(Float32Array.of(1, 2), Float32Array.of(1, 2, 3))).toThrow(/found 2 and 3/);
  });
});

describe('worst mistakes', () => {
  it('are the highest clean and the lowest anomalous scores, equal ones in order', () => {
    const scores = Float32Array.of(3, 9, 1, 9, 2, 8, 2);
    const labels = Uint8Array.of(0, 0, 0, 0, 1, 1, 1);
    expect(worstMistakes(scores, labels, 3)).toEqual({ clean: [1, 3, 0], anomalous: [4, 6, 5] });
    expect(worstMistakes(scores, labels, 1)).toEqual({ clean: [1], anomalous: [4] });
  });
});
