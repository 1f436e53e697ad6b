import { describe, expect, it } from 'vitest';
import {
  clusteredAurocInterval,
  clusteredTest,
  clusteredVariance,
  groupsByClass,
} from '../../main/evaluation/clustered-auroc.ts';
import { aurocCovariance, delongTestOf, placements } from '../../main/evaluation/delong.ts';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';

/** Computed in numpy from all pairs of samples, by the sums of Obuchowski 1997. */
const cases = [
  {
    anomalous: [1.3, 2.1, 2.0, 2.0, 0.7, 1.9, 2.6, -0.3],
    clean: [-0.5, -1.9, -1.3, -1.8, -0.2, -1.3, 0.3, 0.2, -0.2],
    groupsAnomalous: [3, 2, 2, 3, 2, 3, 3, 0],
    groupsClean: [0, 1, 1, 3, 3, 0, 1, 3, 0],
    auroc: 0.9444444444444444,
    variance: 0.004259902263374486,
  },
  {
    anomalous: [2.7, 0.8, 1.3, 2.5, 1.0, 1.5, 1.4, 1.4, 0.1, 1.1, 2.7, -0.2],
    clean: [0.9, 0.1, -0.6, 2.0, 0.8, -1.2, 0.1],
    groupsAnomalous: [2, 2, 1, 2, 2, 2, 1, 1, 1, 0, 1, 1],
    groupsClean: [3, 5, 3, 3, 3, 5, 5],
    auroc: 0.7916666666666666,
    variance: 0.015426439673091458,
  },
];

const join = (one: (typeof cases)[number]) => ({
  scores: Float64Array.of(...one.anomalous, ...one.clean),
  labels: Uint8Array.of(...one.anomalous.map(() => 1), ...one.clean.map(() => 0)),
  groups: Int32Array.of(...one.groupsAnomalous, ...one.groupsClean),
});

describe('AUROC of samples in groups', () => {
  it.each(cases)('has the variance of Obuchowski', (one) => {
    const { scores, labels, groups } = join(one);
    const variance = clusteredVariance(placements(scores, labels), groupsByClass(groups, labels));
    expect(variance).toBeCloseTo(one.variance, 12);
    expect(clusteredAurocInterval(scores, labels, groups).value).toBe(one.auroc);
  });

  it('has DeLong’s variance where every sample is a group', () => {
    const { scores, labels } = join(cases[0]!);
    const placed = placements(scores, labels);
    const own = groupsByClass(Int32Array.from(scores.keys()), labels);
    expect(clusteredVariance(placed, own)).toBeCloseTo(aurocCovariance(placed, placed), 14);
    const other = placements(
      scores.map((score, i) => score + (i % 3)),
      labels,
    );
    expect(clusteredTest(placed, other, own).difference).toBe(delongTestOf(placed, other).difference);
  });

  it('is wider when each sample is there three times, and as wide as that of single ones', () => {
    const { scores, labels } = join(cases[1]!);
    const thrice = <T>(values: Iterable<T>) => [...values].flatMap((value) => [value, value, value]);
    const groups = Int32Array.from(thrice(scores.keys()));
    const [tripled, kinds] = [Float64Array.from(thrice(scores)), Uint8Array.from(thrice(labels))];
    const placed = placements(tripled, kinds);
    const single = placements(scores, labels);
    expect(clusteredVariance(placed, groupsByClass(groups, kinds))).toBeCloseTo(aurocCovariance(single, single), 12);
    expect(aurocCovariance(placed, placed)).toBeLessThan(0.4 * aurocCovariance(single, single));
  });

  it('is bounded by the number of groups where nothing is mistaken', () => {
    const scores = Float32Array.of(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3);
    const labels = Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1);
    const metrics = evaluateScores(scores, labels, Int32Array.of(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3));
    expect(metrics.AUC_ROC_interval).toMatchObject({ lower: 0, upper: 1, one_sided: true });
    expect(metrics.AP_interval).toMatchObject({ upper: 1, one_sided: true });
    // Three of two groups are both of them, so nothing is known.
    expect(metrics.AP_interval!.lower).toBeLessThan(0.5);
    expect(metrics.n_groups).toBe(4);
  });
});
