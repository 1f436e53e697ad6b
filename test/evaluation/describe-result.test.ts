import { describe, expect, it } from 'vitest';
import { allLayers, type LayerMetrics } from '../../shared/domain/evaluation.ts';
import { aggregateLayers } from '../../main/evaluation/aggregate-layers.ts';
import { describeResult } from '../../main/evaluation/describe-result.ts';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';

const words = { samples: 'Images', anomalous: 'Triggered' };
const half = 200;
const labels = Uint8Array.from({ length: 2 * half }, (_, i) => (i < half ? 0 : 1));

/** Evenly spread scores of clean samples from 0 to 1, and of anomalous ones from `from` to `to`. */
const scores = (from: number, to: number) =>
  Float32Array.from({ length: 2 * half }, (_, i) =>
    i < half ? i / (half - 1) : from + ((to - from) * (i - half)) / (half - 1),
  );

function evaluated(layers: Record<string, Float32Array>, aggregation: 'mean' | 'max' = 'mean') {
  const metrics: Record<string, LayerMetrics> = {};
  for (const [name, values] of Object.entries(layers)) metrics[name] = evaluateScores(values, labels, { seed: 0 });
  const all = aggregateLayers(layers, aggregation, {}) as Float32Array;
  metrics[allLayers] = evaluateScores(all, labels, { seed: 0 });
  return describeResult(metrics, aggregation, words);
}

const one = (values: Float32Array) => evaluated({ 'layers.linear_0.output': values });

describe('what a result says', () => {
  it('counts what is caught at one false alarm in a hundred', () => {
    // Of 200 clean scores k / 199, two may be flagged: the threshold lies above 197 / 199. Half of the others are there.
    expect(one(scores(0.5, 1.5))).toEqual({
      headline: 'all',
      sentence: 'The detector catches **51 of 100** triggered images while flagging 1 of 100 clean ones.',
    });
  });

  it('tells a perfect result as one, with what it was measured on', () => {
    expect(one(scores(2, 3)).sentence).toBe(
      'The detector tells triggered images from clean ones **without a mistake**: 200 from 200.',
    );
  });

  it('never rounds up to all', () => {
    const values = scores(2, 3);
    values[2 * half - 1] = -1;
    expect(one(values).sentence).toContain('catches **99 of 100** triggered images');
  });

  it('does not praise a ranking that catches little', () => {
    const { sentence } = one(scores(0.3, 1.05));
    expect(sentence).toMatch(
      /^The detector tells .* better than guessing, AUROC 0\.6\d\d .*, but catches \*\*only \d of 100\*\*/,
    );
  });

  it('calls guessing what cannot be told from it', () => {
    expect(one(scores(0, 1)).sentence).toMatch(
      /^The detector does \*\*no better than guessing\*\*: AUROC 0\.500 \(0\.4\d\d to 0\.5\d\d\)\.$/,
    );
  });

  it('says where scores point the wrong way', () => {
    expect(one(scores(-1, 0.2)).sentence).toMatch(
      /points the \*\*wrong way\*\*: clean images get higher scores than triggered ones, AUROC 0\.0/,
    );
  });

  it('speaks of the layer that the aggregate hides', () => {
    // The second layer, a hundred times as large and blind, drowns the first in the mean.
    const blind = scores(0, 1).map((value) => 100 * value);
    const { headline, sentence } = evaluated({
      'layers.linear_0.output': scores(2, 3),
      'layers.linear_1.output': blind,
    });
    expect(headline).toBe('layers.linear_0.output');
    expect(sentence).toMatch(
      /^At \*\*linear_0\*\* the detector tells .* \*\*without a mistake\*\*: 200 from 200\. The score over all layers \(mean\) hides it: AUROC 0\.5/,
    );
  });

  it('says where it shows most and where nothing is left', () => {
    const layers = { 'a.output': scores(0.9, 1.9), 'b.output': scores(0, 1).map((value) => value / 100) };
    const { headline, sentence } = evaluated(layers, 'max');
    expect(headline).toBe('all');
    expect(sentence).toMatch(/It shows most at \*\*a\*\* \(AUROC 0\.9\d\d\); at b nothing is left of it \(0\.500\)\.$/);
  });

  it('names layers without a mistake, and one that points the wrong way', () => {
    const layers = { 'a.output': scores(20, 30), 'b.output': scores(-1, 0) };
    expect(evaluated(layers).sentence).toMatch(
      /a alone tells them apart without a mistake; at b the scores point the wrong way \(0\.000\)\.$/,
    );
  });

  it('says nothing of layers that do equally well', () => {
    const { sentence } = evaluated({ 'a.output': scores(0.9, 1.9), 'b.output': scores(0.9, 1.9) });
    expect(sentence.match(/\./g)).toHaveLength(1);
  });

  it('allows no false alarm where there are fewer than a hundred clean samples', () => {
    const few = Uint8Array.from({ length: 100 }, (_, i) => (i < 50 ? 0 : 1));
    const values = Float32Array.from({ length: 100 }, (_, i) => (i < 50 ? i : i + (i % 2) * 50 - 50));
    const metrics = evaluateScores(values, few, { seed: 0 });
    const { sentence } = describeResult({ 'a.output': metrics, all: metrics }, 'mean', words);
    expect(sentence).toMatch(/\*\*50 of 100\*\* triggered images without flagging a clean one\.$/);
  });
});
