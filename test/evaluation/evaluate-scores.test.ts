import { describe, expect, it } from 'vitest';
import { aggregateLayers, standardisationOf } from '../../main/evaluation/aggregate-layers.ts';
import { rocPointsOf, thinnedPrecisionRecall, thinnedRoc } from '../../main/evaluation/curves.ts';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';
import { averagePrecisionOf } from '../../main/evaluation/figures-of-merit.ts';
import { histogram } from '../../shared/scores/histogram.ts';
import { rankScores } from '../../shared/scores/ranked-scores.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { parseEvaluationFile, toEvaluationFile } from '../../shared/domain/evaluation.ts';
import { labelled } from './labelled.ts';

function normals(seed: number, size: number, mean: number): number[] {
  const stream = RandomStream.from(seed);
  return Array.from({ length: size }, () => mean + stream.normal());
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** The height of a polyline at x; of a vertical piece its top. */
function heightAt(xs: readonly number[], ys: readonly number[], x: number): number {
  for (let i = xs.length - 1; i > 0; i--) {
    if (xs[i - 1]! > x) continue;
    if (xs[i]! <= x) return ys[i]!;
    return ys[i - 1]! + ((ys[i]! - ys[i - 1]!) * (x - xs[i - 1]!)) / (xs[i]! - xs[i - 1]!);
  }
  return ys[0]!;
}

describe('thinned curves', () => {
  const [scores, labels] = labelled(normals(1, 3000, 1.5), normals(2, 3000, 0));
  const ranked = rankScores(scores, labels);

  it('keeps every corner where there are few', () => {
    // Anomalous 9, 8, 4; clean 6, 5, 1: up twice, right twice, up, right.
    expect(thinnedRoc(rankScores(...labelled([9, 8, 4], [6, 5, 1])))).toEqual({
      fpr: [0, 0, 2 / 3, 2 / 3, 1],
      tpr: [0, 2 / 3, 2 / 3, 1, 1],
      threshold: [Infinity, 8, 5, 4, 1],
    });
  });

  it('bounds the number of ROC points and stays within half a percent, also at the lowest rates', () => {
    const full = rocPointsOf(ranked);
    const thin = thinnedRoc(ranked, 240);
    expect(thin.fpr.length).toBeLessThanOrEqual(240);
    expect(thin.fpr[0]).toBe(0);
    expect(thin.fpr.at(-1)).toBe(1);
    for (const x of [0, 1 / 3000, 2 / 3000, 0.001, 0.0025, 0.01, 0.05, 0.1, 0.3, 0.7]) {
      expect(Math.abs(heightAt(thin.fpr, thin.tpr, x) - heightAt(full.fpr, full.tpr, x))).toBeLessThan(0.005);
    }
  });

  it('the area under the precision-recall outline is the average precision', () => {
    const area = ({ recall, precision }: { recall: number[]; precision: number[] }) =>
      sum(recall.slice(1).map((x, i) => ((x - recall[i]!) * (precision[i + 1]! + precision[i]!)) / 2));
    const few = rankScores(...labelled([9, 8, 4], [8.5, 5, 1]));
    expect(area(thinnedPrecisionRecall(few))).toBeCloseTo(averagePrecisionOf(few), 12);
    const thin = thinnedPrecisionRecall(ranked, 240);
    expect(thin.recall.length).toBeLessThanOrEqual(240);
    expect(Math.abs(area(thin) - averagePrecisionOf(ranked))).toBeLessThan(0.001);
  });
});

describe('histogram', () => {
  it('counts every sample once, in 40 to 80 bins of equal width', () => {
    const [scores, labels] = labelled(normals(1, 400, 3), normals(2, 700, 0));
    const { scale, edges, clean, anomalous } = histogram(scores, labels);
    expect(scale).toBe('linear');
    expect(clean.length).toBeGreaterThanOrEqual(40);
    expect(clean.length).toBeLessThanOrEqual(80);
    expect([sum(clean), sum(anomalous)]).toEqual([700, 400]);
    expect([edges[0], edges.at(-1)]).toEqual([Math.min(...scores), Math.max(...scores)]);
    const widths = edges.slice(1).map((edge, i) => edge - edges[i]!);
    expect(Math.max(...widths)).toBeCloseTo(Math.min(...widths), 10);
  });

  it('puts a score on an edge into the bin above, the highest into the last', () => {
    const [scores, labels] = labelled([20], [0, 10]);
    const { edges, clean, anomalous } = histogram(scores, labels);
    const above = edges.findIndex((edge) => edge > 10) - 1;
    expect(clean[above]).toBe(1);
    expect(anomalous.at(-1)).toBe(1);
  });

  it('suggests a log axis for positive scores over more than a decade', () => {
    const skewed = normals(3, 300, 0).map((x) => Math.exp(1.5 * x));
    const { scale, edges } = histogram(...labelled(skewed.slice(0, 150), skewed.slice(150)));
    expect(scale).toBe('log');
    const ratios = edges.slice(1).map((edge, i) => edge / edges[i]!);
    expect(Math.max(...ratios) / Math.min(...ratios)).toBeCloseTo(1, 9);
    expect(histogram(...labelled([...skewed, 0], skewed)).scale).toBe('linear');
    const oneStray = normals(3, 400, 20);
    expect(histogram(...labelled([...oneStray, 0.001], oneStray)).scale).toBe('linear');
  });

  it.each([0, 3.5, -2, 1e-30, 1e30])('puts constant scores %d into the middle of a bin', (value) => {
    const { edges, clean, anomalous } = histogram(...labelled([value, value], [value, value, value]));
    expect(new Set(edges).size).toBe(edges.length);
    expect(clean[20]).toBe(3);
    expect(anomalous[20]).toBe(2);
    expect(clean).toHaveLength(41);
  });

  it('handles scores that differ by rounding alone', () => {
    const { edges } = histogram(...labelled([1, 1 + Number.EPSILON], [1, 1]));
    expect(new Set(edges).size).toBe(edges.length);
  });
});

describe('evaluateScores', () => {
  const [scores, labels] = labelled(normals(1, 200, 2), normals(2, 300, 0));
  const metrics = evaluateScores(Float32Array.from(scores), labels);

  it('every figure lies in its interval', () => {
    for (const name of ['AUC_ROC', 'AP', 'TPR_at_FPR_1', 'TPR_at_FPR_5', 'FPR_at_TPR_95'] as const) {
      expect(metrics[`${name}_interval`]!.lower).toBeLessThan(metrics[name]);
      expect(metrics[`${name}_interval`]!.upper).toBeGreaterThan(metrics[name]);
    }
    expect([metrics.n_clean, metrics.n_anomalous]).toEqual([300, 200]);
  });

  it('survives eval.json unchanged, layers at the top level', () => {
    const evaluation = { layers: { 'layers.linear_0.output': metrics, all: metrics }, about: { seed: 0 } };
    const content = JSON.parse(JSON.stringify(toEvaluationFile(evaluation))) as Record<string, { AUC_ROC: number }>;
    expect(Object.keys(content)).toEqual(['layers.linear_0.output', 'all', 'evaluation']);
    expect(content['all']!.AUC_ROC).toBe(metrics.AUC_ROC);
    expect(parseEvaluationFile(content, 'eval.json')).toEqual(evaluation);
  });

  it('names what is wrong in eval.json', () => {
    const file = toEvaluationFile({ layers: { all: metrics }, about: {} });
    const parse = (content: unknown) => () => parseEvaluationFile(content, 'eval.json');
    expect(parse([])).toThrow('eval.json is not an evaluation');
    expect(parse({ all: metrics })).toThrow('evaluation: It is missing');
    expect(parse({ ...file, all: { ...metrics, AP: 1.5 } })).toThrow('all: AP must be at most 1, got 1.5.');
    expect(parse({ ...file, evaluation: { format: 2 } })).toThrow('has format 2; this version reads format 1.');
    expect(() => toEvaluationFile({ layers: { evaluation: metrics }, about: {} })).toThrow('cannot be named');
  });
});

describe('aggregateLayers', () => {
  it('takes the mean or the maximum over layers', () => {
    const layers = { a: Float32Array.of(1, 5), b: Float32Array.of(2, -1), c: Float32Array.of(6, 2) };
    expect(aggregateLayers(layers, 'mean')).toEqual(Float32Array.of(3, 2));
    expect(aggregateLayers(layers, 'max')).toEqual(Float32Array.of(6, 5));
    expect(aggregateLayers({ ...layers, d: Float64Array.of(0, 0) }, 'mean')).toBeInstanceOf(Float64Array);
  });

  it('standardises each layer first, so that none weighs more for its scale', () => {
    const layers = { a: Float64Array.of(1, 5), b: Float64Array.of(200, -100) };
    const standardisation = { a: { mean: 1, deviation: 2 }, b: { mean: 100, deviation: 50 } };
    expect(aggregateLayers(layers, 'standardised-mean', { standardisation })).toEqual(Float64Array.of(1, -1));
    expect(() => aggregateLayers(layers, 'standardised-mean')).toThrow('scores of a');
  });

  it('standardises by mean and deviation of the scores it is given', () => {
    const scores = { a: Float32Array.of(2, 4, 6), b: Float32Array.of(0.1, 0.1, 0.1) };
    const standardisation = standardisationOf(scores);
    expect(standardisation['a']).toEqual({ mean: 4, deviation: 2 });
    // A layer without spread is left at its scale.
    expect(standardisation['b']?.deviation).toBe(1);
    const [low, , high] = aggregateLayers({ a: scores.a }, 'standardised-mean', { standardisation });
    expect([low, high]).toEqual([-1, 1]);
  });

  it('takes the logarithm of the sum of exponentials, also of large scores', () => {
    const layers = { a: Float64Array.of(0, 2000, -3000), b: Float64Array.of(0, 1000, -3000) };
    const found = aggregateLayers(layers, 'logsumexp');
    expect(found[0]).toBeCloseTo(Math.log(2), 14);
    expect(found[1]).toBe(2000);
    expect(found[2]).toBeCloseTo(-3000 + Math.log(2), 10);
  });

  it('takes one layer alone, as a copy', () => {
    const layers = { first: Float32Array.of(1), second: Float32Array.of(2) };
    const found = aggregateLayers(layers, 'layer', { layer: 'second' });
    expect(found).toEqual(layers.second);
    expect(found).not.toBe(layers.second);
    expect(() => aggregateLayers(layers, 'layer', { layer: 'secnd' })).toThrow('Did you mean "second"?');
    expect(() => aggregateLayers(layers, 'layer')).toThrow('first, second');
  });

  it('keeps what is not a number, so that the evaluation names it', () => {
    const layers = { a: Float32Array.of(1, Number.NaN), b: Float32Array.of(2, 3) };
    expect(aggregateLayers(layers, 'logsumexp')[1]).toBeNaN();
    expect(aggregateLayers(layers, 'max')[1]).toBeNaN();
    expect(aggregateLayers(layers, 'mean')[1]).toBeNaN();
  });

  it('refuses no layer and different lengths', () => {
    expect(() => aggregateLayers({}, 'mean')).toThrow('no layers');
    expect(() => aggregateLayers({ a: Float32Array.of(1), b: Float32Array.of(1, 2) }, 'max')).toThrow(
      'a has 1 score, b has 2',
    );
  });
});
