import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { toEvaluationFile, type LayerMetrics } from '../../shared/domain/evaluation.ts';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';
import { encodeNpy } from '../../main/storage/npy.ts';
import { readScores, readTokens, writeScores } from '../../main/storage/run-folder.ts';
import { pooledEvaluation, poolingsOf } from '../../main/runs/pooled-evaluation.ts';
import { parseTokenPooling, pooledScores } from '../../shared/scores/token-pooling.ts';

/** Four texts of 2, 1, 3 and 2 tokens at two layers. */
const counts = Int32Array.of(2, 1, 3, 2);
const labels = Uint8Array.of(0, 0, 1, 1);
const one = Float32Array.of(1, 2, 3, 0, 9, 1, 4, 6);
const two = Float32Array.of(0, 1, 5, 2, 2, 8, 1, 0);

let folder: string;

function write(detector: object = {}, heldOut = true): void {
  const pooled = (values: Float32Array) => Float32Array.from(pooledScores(values, counts, 'max'));
  const all = Float32Array.from(pooled(one), (value, i) => (value + pooled(two)[i]!) / 2);
  const layers = new Map([['one', pooled(one)], ['two', pooled(two)], ['all', all]]); // prettier-ignore
  writeScores(
    folder,
    { labels, sampleIndex: Int32Array.of(0, 1, 2, 3), layers },
    {
      test: { counts, layers: new Map([['one', one], ['two', two]]) }, // prettier-ignore
      ...(heldOut && {
        heldOut: {
          counts: Int32Array.of(1, 2),
          layers: new Map([['one', Float32Array.of(1, 2, 4)], ['two', Float32Array.of(0, 0, 2)]]), // prettier-ignore
        },
      }),
    },
  );
  const metrics: Record<string, LayerMetrics> = {};
  for (const [name, values] of layers) metrics[name] = evaluateScores(values, labels);
  const about = { detector: { name: 'mahalanobis', tokens: 'score-max', layer_aggregation: 'mean', ...detector } };
  writeFileSync(join(folder, 'eval.json'), JSON.stringify(toEvaluationFile({ layers: metrics, about })));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pooled-'));
});

describe('scores of tokens after a run', () => {
  it('are pooled another way at each layer and over all', () => {
    write();
    const { scores, evaluation } = pooledEvaluation(folder, 'last');
    expect([...scores.layers.get('one')!]).toEqual([2, 3, 1, 6]);
    expect([...scores.layers.get('two')!]).toEqual([1, 5, 8, 0]);
    expect([...scores.layers.get('all')!]).toEqual([1.5, 4, 4.5, 3]);
    expect(evaluation.layers['all']!.AUC_ROC).toBe(0.75);
    expect(evaluation.layers['one']).toEqual(evaluateScores(Float32Array.of(2, 3, 1, 6), labels));
    expect(evaluation.about.thresholds?.[0]?.held_out).toBe(2);
    expect([...pooledEvaluation(folder, [0, -1]).scores.layers.get('one')!]).toEqual([1.5, 3, 0.5, 5]);
  });

  it('are the stored ones with the pooling of the run', () => {
    write();
    expect(pooledEvaluation(folder, 'max').scores).toEqual(readScores(folder));
    const { own, auroc } = poolingsOf(folder)!;
    expect(own).toBe('max');
    expect(auroc.max!['one']).toBe(1);
    expect(auroc.last!['one']).toBe(0.5);
  });

  it('are standardised by held-out trusted samples, or not at all', () => {
    write({ layer_aggregation: 'standardised-mean' });
    // Held out, last: 1 and 4 at one (mean 2.5, deviation 2.1213), 0 and 2 at two (mean 1, deviation 1.4142).
    const [first] = pooledEvaluation(folder, 'last').scores.layers.get('all')!;
    expect(first).toBeCloseTo(((2 - 2.5) / Math.sqrt(4.5) + (1 - 1) / Math.SQRT2) / 2, 6);
    write({ layer_aggregation: 'standardised-mean' }, false);
    expect(() => pooledEvaluation(folder, 'last')).toThrow('keeps no scores of held-out trusted samples');
    expect(poolingsOf(folder)!.auroc).toEqual({});
  });

  it('are refused at places that a text has not', () => {
    write();
    expect(() => pooledEvaluation(folder, [2])).toThrow('Expected token 2 in every text; 3 texts of 4 have none.');
    expect(() => parseTokenPooling('1,x')).toThrow('found "1,x"');
    expect(parseTokenPooling('0, -1')).toEqual([0, -1]);
  });

  it('replace those of an earlier evaluation as a whole', () => {
    write();
    writeScores(folder, {
      labels,
      sampleIndex: Int32Array.of(0, 1, 2, 3),
      layers: new Map([['all', one.subarray(0, 4)]]),
    });
    expect(readTokens(folder)).toBeNull();
    expect(poolingsOf(folder)).toBeNull();
    expect(readdirSync(join(folder, 'scores'))).not.toContain('tokens');
  });

  it('are refused where a file is not what it should be', () => {
    write();
    const put = (name: string, data: Float32Array | Int32Array) =>
      writeFileSync(join(folder, 'scores/tokens', name), encodeNpy({ shape: [data.length], data }));
    put('one.npy', Float32Array.of(1, 2));
    expect(() => pooledEvaluation(folder, 'last')).toThrow('one.npy": expected 8 finite scores, found 2');
    put('one.npy', Float32Array.of(1, 2, 3, NaN, 9, 1, 4, 6));
    expect(() => pooledEvaluation(folder, 'last')).toThrow('found NaN at place 3');
    put('counts.npy', Int32Array.of(2, 0, 3, 2));
    expect(() => pooledEvaluation(folder, 'last')).toThrow('counts.npy": expected a token or more, found 0 at place 1');
    put('counts.npy', Int32Array.of(2 ** 30, 1, 1, 1));
    expect(() => pooledEvaluation(folder, 'last')).toThrow('scores of tokens in all');
  });
});
