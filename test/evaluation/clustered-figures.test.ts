import { describe, expect, it } from 'vitest';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';
import type { LayerMetrics } from '../../shared/domain/evaluation.ts';
import { RandomStream } from '../../main/tensor/random.ts';

const names = ['AP_interval', 'TPR_at_FPR_1_interval', 'TPR_at_FPR_5_interval', 'FPR_at_TPR_95_interval'] as const;
const width = (metrics: LayerMetrics, name: (typeof names)[number]) => metrics[name]!.upper - metrics[name]!.lower;

/** 60 clean and 60 anomalous scores of overlapping normals. */
function drawn() {
  const stream = RandomStream.from(3, 'clustered figures');
  const labels = Uint8Array.from({ length: 120 }, (_, i) => i % 2);
  return { labels, scores: Float64Array.from(labels, (label) => 1.5 * label + stream.normal()) };
}

const thrice = <T>(values: Iterable<T>) => [...values].flatMap((value) => [value, value, value]);

describe('average precision and rates of samples in groups', () => {
  it('have the intervals of independent samples where every sample is a group', () => {
    const { scores, labels } = drawn();
    const single = evaluateScores(scores, labels);
    const grouped = evaluateScores(scores, labels, Int32Array.from(scores.keys()));
    for (const name of names) {
      expect(grouped[name]!.lower, name).toBeCloseTo(single[name]!.lower, 9);
      expect(grouped[name]!.upper, name).toBeCloseTo(single[name]!.upper, 9);
    }
    expect(grouped.AP_interval!.method).toBe('influence-clustered');
    expect(grouped.TPR_at_FPR_5_interval!.method).toBe('threshold-mixture-clustered');
  });

  it('are not surer of a sample that is there three times', () => {
    const { scores, labels } = drawn();
    const single = evaluateScores(scores, labels);
    const [tripled, kinds] = [Float64Array.from(thrice(scores)), Uint8Array.from(thrice(labels))];
    const taken = evaluateScores(tripled, kinds);
    const grouped = evaluateScores(tripled, kinds, Int32Array.from(thrice(scores.keys())));
    for (const name of names) {
      expect(width(grouped, name), name).toBeGreaterThan(0.95 * width(single, name));
      expect(grouped[name]!.lower <= grouped[name]!.upper, name).toBe(true);
    }
    expect(width(grouped, 'AP_interval')).toBeCloseTo(width(single, 'AP_interval'), 1);
    expect(width(taken, 'AP_interval')).toBeLessThan(0.7 * width(single, 'AP_interval'));
  });

  it('say next to nothing of one group a class', () => {
    const { scores, labels } = drawn();
    const metrics = evaluateScores(scores, labels, Int32Array.from(labels));
    expect(width(metrics, 'AP_interval')).toBeGreaterThan(0.5);
    for (const name of names.slice(1)) expect(width(metrics, name), name).toBeGreaterThan(0.8);
  });
});
