import { describe, expect, it } from 'vitest';
import { bySetting, failedAttack, isOneSetting, overSeeds, overSettings } from '../../renderer/screens/runs/figures.ts';
import { runSummary } from './run-summary.ts';

/** A run with an AUROC, and bounds this far on either side. */
const scored = (setting: string, auroc: number, half: number, more: object = {}) =>
  runSummary({ setting, metrics: { auroc, auroc_lower: auroc - half, auroc_upper: auroc + half }, ...more });

describe('the figure over seeds', () => {
  it('is the mean with the standard deviation over seeds', () => {
    const figure = overSeeds([scored('a', 0.9, 0.02), scored('a', 0.92, 0.02), scored('a', 0.94, 0.02)]);
    expect(figure?.mean).toBeCloseTo(0.92, 12);
    expect(figure?.deviation).toBeCloseTo(0.02, 12);
    // Variance of the mean 0.0004 / 3, and that of the samples (0.04 / 2 / 1.96)^2 / 3, which own samples average out.
    const half = 1.959964 * Math.sqrt(0.0004 / 3 + (0.02 / 1.959964) ** 2 / 3);
    expect(figure?.lower).toBeCloseTo(0.92 - half, 9);
    expect(figure?.upper).toBeCloseTo(0.92 + half, 9);
  });

  it('is less certain where seeds were tested on the same samples, whose noise they share', () => {
    const on = (testData: string | null) =>
      overSeeds([scored('a', 0.9, 0.02, { testData }), scored('a', 0.92, 0.02, { testData })]);
    const width = (figure: ReturnType<typeof overSeeds>) => (figure?.upper ?? 0) - (figure?.lower ?? 0);
    expect(width(on('same'))).toBeGreaterThan(width(on(null)) * 1.1);
  });

  it('of one seed has the interval of its run, and none has no figure', () => {
    expect(overSeeds([scored('a', 0.75, 0.25)])).toEqual({
      count: 1,
      mean: 0.75,
      deviation: null,
      lower: 0.5,
      upper: 1,
    });
    expect(overSeeds([runSummary({ metrics: {} })])).toBeNull();
    expect(overSeeds([scored('a', 0.9, 0), runSummary({ metrics: { auroc: 0.8 } })])).toMatchObject({
      lower: null,
      upper: null,
    });
    expect(overSeeds([scored('a', 1, 0.1), scored('a', 0.9, 0.1)])?.upper).toBe(1);
  });
});

describe('several settings', () => {
  it('have a mean each, the lowest first, and no mean of all', () => {
    const runs = [scored('a', 0.9, 0), scored('b', 0.6, 0), scored('a', 0.8, 0), scored('c', 0.7, 0)];
    expect(bySetting(runs).map((own) => own.length)).toEqual([2, 1, 1]);
    expect(isOneSetting(runs)).toBe(false);
    const { means = [], leftOut } = overSettings(runs) ?? {};
    expect(means.map((mean) => mean.toFixed(3))).toEqual(['0.600', '0.700', '0.850']);
    expect(leftOut).toBe(0);
  });

  it('leave out those whose attack fails, over their seeds', () => {
    const attacked = (setting: string, auroc: number, success: number) =>
      runSummary({ setting, metrics: { auroc, attack_success: success } });
    const runs = [attacked('a', 0.9, 0.4), attacked('a', 0.9, 0.7), attacked('b', 0.5, 0.04)];
    expect(overSettings(runs)).toEqual({ means: [0.9], leftOut: 1 });
    expect(failedAttack(runs.slice(2))).toBe(0.04);
    expect(failedAttack(runs.slice(0, 2))).toBeNull();
    const subject = { ...runs[2]!.subject, tested: null };
    expect(failedAttack([{ ...runs[2]!, subject }])).toBeNull();
  });
});
