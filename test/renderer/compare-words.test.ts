import { describe, expect, it } from 'vitest';
import { verdictSentence } from '../../renderer/screens/compare/compare-words.ts';
import { isBounded, isWithin, wholePlane } from '../../renderer/screens/compare/score-window.ts';
import type { ComparedFigures } from '../../shared/domain/comparison.ts';

const run = (name: string, auroc: number) => ({ name, metrics: { AUC_ROC: auroc } });
const pair = (a: number, b: number, test: ComparedFigures['pairs'][number]['test'], reason: string | null = null) => ({
  a,
  b,
  shared: 2000,
  reason,
  test,
  spearman: null,
});
const runs = [run('knn', 0.974), run('mahalanobis', 0.999)];

describe('the sentence of a comparison', () => {
  it("says who is better, by how much and how surely, from the better run's side", () => {
    const tested = pair(0, 1, { difference: -0.025, lower: -0.031, upper: -0.019, p: 0.00001 });
    expect(verdictSentence(runs, [tested], 'Triggered')).toBe(
      '**mahalanobis** tells triggered samples from clean ones better than knn: AUROC 0.999 against 0.974, a difference of ' +
        '+0.025 (95\u00a0% interval +0.019 to +0.031; p < 0.001) on the same 2\u202f000 test samples.',
    );
  });

  it('says that nothing was found where chance would do as much', () => {
    const tested = pair(1, 0, { difference: 0.025, lower: -0.002, upper: 0.052, p: 0.07 });
    expect(verdictSentence(runs, [tested], 'Triggered')).toBe(
      '**No difference beyond chance** between mahalanobis and knn: AUROC 0.999 against 0.974, a difference of +0.025 ' +
        '(95\u00a0% interval −0.002 to +0.052; p = 0.070) on the same 2\u202f000 test samples.',
    );
  });

  it('claims nothing where there is no test', () => {
    expect(verdictSentence(runs, [pair(0, 1, null, 'They are not on the same test data')], 'Triggered')).toBe(
      '**mahalanobis** has the higher AUROC, but whether that is chance is not tested: AUROC 0.999 against 0.974. ' +
        'They are not on the same test data.',
    );
  });

  it('of more than two compares the best with the next', () => {
    const three = [...runs, run('vae', 0.99)];
    const tested = pair(1, 2, { difference: 0.009, lower: 0.0042, upper: 0.0138, p: 0.012 });
    expect(verdictSentence(three, [pair(0, 1, null), tested], 'Adversarial')).toBe(
      '**mahalanobis** tells adversarial samples from clean ones better than the next, vae: AUROC 0.999 against 0.990, a ' +
        'difference of +0.0090 (95\u00a0% interval +0.0042 to +0.0138; p = 0.012) on the same 2\u202f000 test samples.',
    );
  });
});

describe('a rectangle of scores', () => {
  it('holds its bounds, and everything where it has none', () => {
    const half = { x: [1, Infinity], y: [-Infinity, 2] } as const;
    expect([isWithin(half, 1, 2), isWithin(half, 0.9, 2), isWithin(half, 1, 2.1)]).toEqual([true, false, false]);
    expect([isBounded(half), isBounded(wholePlane), isWithin(wholePlane, -1e9, 1e9)]).toEqual([true, false, true]);
  });
});
