import { describe, expect, it } from 'vitest';
import { allLayers, type LayerMetrics } from '../../shared/domain/evaluation.ts';
import { aggregateLayers } from '../../main/evaluation/aggregate-layers.ts';
import { describeResult } from '../../main/evaluation/describe-result.ts';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';
import { RandomStream } from '../../main/tensor/random.ts';

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
  for (const [name, values] of Object.entries(layers)) metrics[name] = evaluateScores(values, labels);
  const all = aggregateLayers(layers, aggregation, {}) as Float32Array;
  metrics[allLayers] = evaluateScores(all, labels);
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
      'The detector scores **every one** of 200 triggered images above all 200 clean ones.',
    );
  });

  it('speaks of a single sample as one', () => {
    const alone = evaluateScores(Float64Array.of(1, 2, 3), Uint8Array.of(0, 0, 1));
    expect(describeResult({ all: alone, 'a.output': alone }, 'mean', words).sentence).toBe(
      'The detector scores **the only** one of the triggered images above all 2 clean ones.',
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
      /^The scores \*\*cannot be told from guessing\*\*: AUROC 0\.500 \(0\.4\d\d to 0\.5\d\d\)\.$/,
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
    // The layer was found with the labels of the test: it is not what the detector is judged by.
    expect(headline).toBe('all');
    expect(sentence).toMatch(
      /^The scores \*\*cannot be told from guessing\*\*: AUROC 0\.5.* The scores at \*\*linear_0\*\* alone do better, AUROC 1\.000 .*; the mean over all layers hides them\./,
    );
  });

  it('calls a layer picked after seeing the labels where nothing was aggregated', () => {
    const layers = { a: evaluateScores(scores(3, 3), labels), b: evaluateScores(scores(0, 1), labels) };
    const words = { samples: 'Images', anomalous: 'Triggered' };
    const { headline, sentence } = describeResult(layers, 'mean', words);
    expect(headline).toBe('a');
    expect(sentence).toMatch(/^At \*\*a\*\* .* The layer was picked after seeing the labels\.$/);
    expect(describeResult({ a: layers.a }, 'mean', words).sentence).not.toContain('picked');
  });

  it('says where it shows most and where nothing is left', () => {
    const layers = { 'a.output': scores(0.9, 1.9), 'b.output': scores(0, 1).map((value) => value / 100) };
    const { headline, sentence } = evaluated(layers, 'max');
    expect(headline).toBe('all');
    expect(sentence).toMatch(
      /By the labels of the test, it shows most at \*\*a\*\* \(AUROC 0\.9\d\d\); at b the scores cannot be told from guessing \(0\.500\)\.$/,
    );
  });

  it('names layers that rank all rightly, and one that points the wrong way', () => {
    const layers = { 'a.output': scores(20, 30), 'b.output': scores(-1, 0) };
    expect(evaluated(layers).sentence).toMatch(
      /a alone ranks all of them above the clean ones; at b the scores point the wrong way \(0\.000\)\.$/,
    );
  });

  it('says how few samples could not tell it from guessing', () => {
    const few = Uint8Array.from({ length: 15 }, (_, i) => (i < 8 ? 0 : 1));
    const metrics = evaluateScores(
      Float64Array.from(few, (_, i) => (i * 7) % 15),
      few,
    );
    expect(describeResult({ 'a.output': metrics, all: metrics }, 'mean', words).sentence).toMatch(
      /^There are \*\*too few samples to tell\*\*: AUROC 0\..*, with only 8 clean and 7 triggered images\./,
    );
  });

  it('claims nothing that random results deny', () => {
    const stream = RandomStream.from(77, 'sentences');
    const seen = new Set<string>();
    for (let round = 0; round < 400; round++) {
      const [clean, anomalous] = [5 + stream.integer(150), 5 + stream.integer(150)];
      const kinds = Uint8Array.from({ length: clean + anomalous }, (_, i) => (i < clean ? 0 : 1));
      const metrics: Record<string, LayerMetrics> = {};
      const count = 1 + stream.integer(3);
      for (const name of ['a.output', 'b.output', 'c.output'].slice(0, count).concat(allLayers)) {
        const shift = [-4, -1, 0, 0.3, 1, 4, 9][stream.integer(7)]!;
        metrics[name] = evaluateScores(
          Float64Array.from(kinds, (kind) => shift * kind + stream.normal()),
          kinds,
        );
      }
      const all = metrics[allLayers]!;
      const { headline, sentence } = describeResult(metrics, 'mean', words);
      expect(headline).toBe(allLayers);
      const first = sentence.split(/(?<=[a-z*)]\.) /)[0]!;
      const layer = (name: string) => metrics[`${name}.output`]!;
      const claims: [RegExp, (...parts: string[]) => boolean][] = [
        [/scores \*\*every one\*\*/, () => all.AUC_ROC === 1],
        [
          /^The scores \*\*cannot be told/,
          () =>
            all.AUC_ROC_interval.lower <= 0.5 && all.AUC_ROC_interval.upper >= 0.5 && Math.min(clean, anomalous) >= 30,
        ],
        [
          /are \*\*too few samples to tell/,
          () =>
            all.AUC_ROC_interval.lower <= 0.5 && all.AUC_ROC_interval.upper >= 0.5 && Math.min(clean, anomalous) < 30,
        ],
        [/points the \*\*wrong way/, () => all.AUC_ROC_interval.upper < 0.5],
        [/better than guessing/, () => all.AUC_ROC_interval.lower > 0.5],
        [/catches \*\*(\d+) of 100/, (found) => Math.abs(Number(found) - 100 * all.TPR_at_FPR_1) <= 1],
        [/without flagging a clean one/, () => all.n_clean < 100],
      ];
      for (const [claim, holds] of claims) {
        const match = claim.exec(first);
        if (!match) continue;
        seen.add(claim.source);
        expect(holds(...match.slice(1)), sentence).toBe(true);
      }
      const more: [RegExp, (name: string) => boolean][] = [
        [/at \*\*(.)\*\* alone do better/, (name) => layer(name).AUC_ROC_interval.lower > Math.max(0.5, all.AUC_ROC_interval.upper)],
        [/shows most at \*\*(.)\*\*/, (name) => Object.entries(metrics).every(([other, { AUC_ROC }]) => other === allLayers || AUC_ROC <= layer(name).AUC_ROC) && layer(name).AUC_ROC_interval.lower > 0.5],
        [/at (.) the scores point the wrong way/, (name) => layer(name).AUC_ROC_interval.upper < 0.5],
        [/at (.) the scores cannot be told/, (name) => layer(name).AUC_ROC_interval.lower <= 0.5 && layer(name).AUC_ROC_interval.upper >= 0.5],
        [/(?:^|[ .])(.) alone ranks all/, (name) => layer(name).AUC_ROC === 1],
      ]; // prettier-ignore
      for (const [claim, holds] of more) {
        const match = claim.exec(sentence);
        if (!match) continue;
        seen.add(claim.source);
        expect(holds(match[1]!), sentence).toBe(true);
      }
    }
    // Every sentence came up.
    expect(seen.size).toBe(12);
  });

  it('says nothing of layers that do equally well', () => {
    const { sentence } = evaluated({ 'a.output': scores(0.9, 1.9), 'b.output': scores(0.9, 1.9) });
    expect(sentence.match(/\./g)).toHaveLength(1);
  });

  it('allows no false alarm where there are fewer than a hundred clean samples', () => {
    const few = Uint8Array.from({ length: 100 }, (_, i) => (i < 50 ? 0 : 1));
    const values = Float32Array.from({ length: 100 }, (_, i) => (i < 50 ? i : i + (i % 2) * 50 - 50));
    const metrics = evaluateScores(values, few);
    const { sentence } = describeResult({ 'a.output': metrics, all: metrics }, 'mean', words);
    expect(sentence).toMatch(/\*\*50 of 100\*\* triggered images without flagging a clean one\.$/);
  });
});
