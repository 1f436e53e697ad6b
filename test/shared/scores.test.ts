import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { histogram } from '../../shared/scores/histogram.ts';
import { operatingPointAt, operatingPoints } from '../../shared/scores/operating-point.ts';
import { ranksOf } from '../../shared/scores/ranks.ts';
import { positionOn, thresholdAfterKey, valueOn, type ThresholdAxis } from '../../shared/scores/threshold-keys.ts';

/** Few distinct values, so that ties are common. */
const samples = fc
  .array(fc.tuple(fc.integer({ min: -6, max: 6 }), fc.boolean()), { minLength: 2, maxLength: 60 })
  .filter((list) => new Set(list.map(([, anomalous]) => anomalous)).size === 2)
  .map((list) => ({
    scores: Float32Array.from(list, ([score]) => score / 2),
    labels: Uint8Array.from(list, ([, anomalous]) => Number(anomalous)),
  }));

describe('operating points', () => {
  it('are those of a hand-made example', () => {
    const points = operatingPoints(Float32Array.of(1, 2, 3, 3, 4), Uint8Array.of(0, 0, 0, 1, 1));
    expect(operatingPointAt(points, 3)).toEqual({
      truePositives: 2,
      falsePositives: 1,
      tpr: 1,
      fpr: 1 / 3,
      precision: 2 / 3,
    });
    expect(operatingPointAt(points, 4.5)).toMatchObject({ tpr: 0, fpr: 0, precision: null });
    expect(operatingPointAt(points, -1)).toMatchObject({ tpr: 1, fpr: 1, precision: 0.4 });
  });

  it('count what a pass over all samples counts, at any threshold', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: -4, max: 4, noNaN: true }), ({ scores, labels }, threshold) => {
        const points = operatingPoints(scores, labels);
        for (const at of [threshold, ...scores]) {
          const flagged = (label: number) => scores.filter((score, i) => score >= at && labels[i] === label).length;
          const { truePositives, falsePositives } = operatingPointAt(points, at);
          expect([truePositives, falsePositives]).toEqual([flagged(1), flagged(0)]);
        }
      }),
    );
  });
});

describe('keys of a threshold', () => {
  const linear: ThresholdAxis = { scale: 'linear', low: -10, high: 90 };
  const log: ThresholdAxis = { scale: 'log', low: 0.1, high: 10 };

  it('move it by 2 % and 10 % of the axis and to its ends', () => {
    expect(thresholdAfterKey(linear, 20, 'ArrowRight')).toBeCloseTo(22, 10);
    expect(thresholdAfterKey(linear, 20, 'ArrowDown')).toBeCloseTo(18, 10);
    expect(thresholdAfterKey(linear, 20, 'PageUp')).toBeCloseTo(30, 10);
    expect(thresholdAfterKey(log, 1, 'PageDown')).toBeCloseTo(10 ** -0.2, 10);
    expect(thresholdAfterKey(log, 1, 'Home')).toBe(0.1);
    expect(thresholdAfterKey(log, 1, 'End')).toBe(10);
    expect(thresholdAfterKey(log, 1, 'a')).toBeUndefined();
  });

  it('never leave the axis, wherever the threshold is', () => {
    const keys = ['ArrowLeft', 'ArrowRight', 'PageUp', 'PageDown', 'Home', 'End'];
    const anywhere = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(linear, log), anywhere, fc.constantFrom(...keys), (axis, threshold, key) => {
        const next = thresholdAfterKey(axis, threshold, key)!;
        expect(next).toBeGreaterThanOrEqual(axis.low);
        expect(next).toBeLessThanOrEqual(axis.high);
      }),
    );
  });

  it('a position is the inverse of its value', () => {
    for (const axis of [linear, log])
      for (const share of [0, 0.02, 0.5, 1]) expect(positionOn(axis, valueOn(axis, share))).toBeCloseTo(share, 12);
  });
});

describe('ranks', () => {
  it('are 1 for the highest score, shared by equal ones, 0 without a score', () => {
    expect([...ranksOf(Float32Array.of(2, 9, 2, NaN, 5, 1))]).toEqual([3, 1, 3, 0, 2, 5]);
  });

  it('are one more than the number of higher scores', () => {
    fc.assert(
      fc.property(samples, ({ scores }) => {
        const ranks = ranksOf(scores);
        scores.forEach((score, i) => expect(ranks[i]).toBe(1 + scores.filter((other) => other > score).length));
      }),
    );
  });
});

describe('histogram on an axis that is asked for', () => {
  const scores = Float32Array.of(1, 2, 3, 4, 100, 200);
  const labels = Uint8Array.of(0, 0, 0, 1, 1, 1);

  it('has bins of equal width on it', () => {
    const { edges, scale } = histogram(scores, labels, 'linear');
    expect(scale).toBe('linear');
    expect(edges[1]! - edges[0]!).toBeCloseTo(edges.at(-1) - edges.at(-2), 9);
    const log = histogram(scores, labels, 'log');
    expect(log.edges[1]! / log.edges[0]!).toBeCloseTo(log.edges.at(-1) / log.edges.at(-2), 9);
    expect(log.clean.reduce((sum, count) => sum + count)).toBe(3);
  });

  it('refuses a logarithmic one for scores that are not positive', () => {
    expect(() => histogram(Float32Array.of(0, 1), Uint8Array.of(0, 1), 'log')).toThrow(
      /positive scores; the lowest is 0/,
    );
  });
});
