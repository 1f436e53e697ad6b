import { describe, expect, it } from 'vitest';
import { familyWords, pairOf, verdictSentence } from '../../shared/comparison-words.ts';
import { layerChoice } from '../../shared/domain/compared.ts';
import type { ComparedPair, ComparedRow, PairTest } from '../../shared/domain/comparison.ts';

interface RowFacts extends Partial<Pick<ComparedRow, 'seen' | 'group'>> {
  samples?: number;
}

function row(auroc: number, { seen = 'trusted', group = 0, samples = 1000 }: RowFacts = {}): ComparedRow {
  const figure = (value: number) => ({ value, lower: value - 0.01, upper: value + 0.01, one_sided: false, deviation: null, values: [value] }); // prettier-ignore
  return {
    runs: [0],
    seeds: [0],
    group,
    detector: 'knn',
    seen,
    figures: { auroc: figure(auroc), ap: figure(auroc), tpr: null, roc: { fpr: [0, 1], tpr: [0, 1] }, clean: samples, anomalous: samples }, // prettier-ignore
    reason: null,
    picked: null,
    doubts: [],
  };
}

const pair = (
  a: number,
  b: number,
  test: Omit<PairTest, 'p'> | null,
  more: Partial<ComparedPair> = {},
): ComparedPair => ({
  a,
  b,
  shared: 2000,
  seeds: 1,
  reason: null,
  test: test && { p: test.corrected, ...test },
  spearman: null,
  ...more,
});
const told = { difference: -0.025, lower: -0.031, upper: -0.019, corrected: 0.00001 };
const alike = { difference: -0.025, lower: -0.052, upper: 0.002, corrected: 0.07 };
const names = ['knn', 'mahalanobis', 'vae', 'probe'];
const say = (rows: ComparedRow[], pairs: ComparedPair[], group?: number) =>
  verdictSentence({ rows, pairs, names, score: 'all' }, group);
const two = [row(0.974), row(0.999)];

describe('the sentence of a comparison', () => {
  it('says who leads, by how much and how surely, from the side of the better one', () => {
    expect(say(two, [pair(0, 1, told)])).toBe(
      '**mahalanobis** leads with AUROC 0.999, ahead of **knn** by 0.025 (95\u00a0% interval +0.019 to +0.031; p < 0.001) on the same 2\u202f000 test samples.',
    );
    expect(say(two, [pair(0, 1, told, { seeds: 3 })])).toContain('2\u202f000 test samples and 3 seeds.');
  });

  it('says that nothing was found where chance would do as much', () => {
    expect(say(two, [pair(0, 1, alike)])).toBe(
      '**No difference beyond chance** between mahalanobis and knn: AUROC 0.999 against 0.974, a difference of +0.025 (95\u00a0% interval −0.002 to +0.052; p = 0.070) on the same 2\u202f000 test samples.',
    );
  });

  it('blames the samples where there are too few to tell', () => {
    const few = [row(0.6, { samples: 15 }), row(0.7, { samples: 15 })];
    expect(say(few, [pair(0, 1, alike)])).toMatch(/^\*\*Too few samples to tell\*\* mahalanobis from knn: /);
  });

  it('claims nothing where there is no test', () => {
    const reason = 'They do not share samples';
    expect(say(two, [pair(0, 1, null, { reason })])).toBe(
      '**mahalanobis** has the higher AUROC, but whether that is chance is not tested: AUROC 0.999 against 0.974. They do not share samples.',
    );
  });

  it('judges by corrected p values and names their family', () => {
    const three = [...two, row(0.99)];
    const pairs = [pair(0, 1, told), pair(1, 2, { ...alike, p: 0.03, corrected: 0.06 } as PairTest), pair(0, 2, told)];
    expect(say(three, pairs)).toMatch(/^\*\*No difference beyond chance\*\* between mahalanobis and the next, vae: .*p = 0\.060 by Holm, 3 pairs/); // prettier-ignore
    expect(familyWords(pairs)).toBe('p values are corrected by Holm for the 3 pairs that are compared here.');
    expect(familyWords(pairs.slice(0, 1))).toBe('');
  });

  it('ranks nobody who saw labels, and says who saw untrusted data or is below guessing', () => {
    const rows = [row(0.974, { seen: 'untrusted' }), row(0.98), row(0.3), row(1, { seen: 'labels' })];
    const sentence = say(rows, [pair(0, 1, told)]);
    expect(sentence).toMatch(/^\*\*mahalanobis\*\* leads/);
    expect(sentence).toContain(
      'probe saw labels, so it is not ranked; knn saw untrusted data, and vae is below guessing.',
    );
  });

  it('ranks only what is on the same test data, the largest set unless asked for another', () => {
    const rows = [row(0.974), row(0.999), row(1, { group: 1 })];
    const pairs = [pair(0, 1, told), pair(0, 2, null), pair(1, 2, null)];
    expect(say(rows, pairs)).toMatch(/^\*\*mahalanobis\*\* leads.* 1 other is on other test data and not ranked with these\.$/); // prettier-ignore
    expect(say(rows, pairs, 1)).toMatch(
      /^\*\*vae\*\* has AUROC 1\.000; there is nothing to rank it with\. 2 others are/,
    );
  });

  it('calls a layer what it is: picked after seeing the labels, unless on other seeds', () => {
    const of = (score: Parameters<typeof verdictSentence>[0]['score']) =>
      verdictSentence({ rows: two, pairs: [pair(0, 1, told)], names, score });
    expect(of(layerChoice('layers.linear_0.output'))).toContain('picked after seeing the labels');
    expect(of('nested')).toContain('the layer was selected on the other seeds');
    expect(of('all')).not.toContain('layer');
  });

  it('turns a test round', () => {
    expect(pairOf([pair(0, 1, told)], 1, 0)).toMatchObject({
      a: 1,
      b: 0,
      test: { difference: 0.025, lower: 0.019, upper: 0.031 },
    });
    expect(pairOf([], 1, 0)).toBeUndefined();
  });
});
