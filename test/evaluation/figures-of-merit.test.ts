import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { precisionRecallPoints, rocPoints } from '../../main/evaluation/curves.ts';
import {
  auroc,
  averagePrecision,
  fprAtTpr,
  rateAtFpr,
  thresholdAtFprOf,
} from '../../main/evaluation/figures-of-merit.ts';
import { rankScores } from '../../shared/scores/ranked-scores.ts';
import { labelled } from './labelled.ts';

interface Case {
  name: string;
  scores: number[];
  labels: number[];
  auroc: number;
  average_precision: number;
  tpr_at_fpr: Record<string, number>;
  fpr_at_tpr_95: number;
  fpr: number[];
  tpr: number[];
  recall: number[];
  precision: number[];
}
const fixture = JSON.parse(readFileSync(new URL('fixtures/scikit-learn.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};

function closeTo(actual: number[], expected: number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 14));
}

describe('figures of merit by hand', () => {
  // From the top: anomalous 4; clean 3; anomalous 2 tied with clean 2; clean 1.
  const scores = Float32Array.of(4, 3, 2, 2, 1);
  const labels = Uint8Array.of(1, 0, 1, 0, 0);

  it('AUROC: of 6 pairs, 3 + 1 are won and 1 is tied', () => {
    expect(auroc(scores, labels)).toBe(4.5 / 6);
  });

  it('average precision: half the recall at precision 1, half at 2 of 4', () => {
    expect(averagePrecision(scores, labels)).toBe(0.5 * 1 + 0.5 * 0.5);
  });

  it('TPR at FPR is the highest TPR of a threshold with at most that FPR', () => {
    expect(rateAtFpr(scores, labels, 0)).toBe(0.5);
    expect(rateAtFpr(scores, labels, 0.5)).toBe(0.5);
    expect(rateAtFpr(scores, labels, 2 / 3)).toBe(1);
    expect(rateAtFpr(Float32Array.of(2, 1), Uint8Array.of(0, 1), 0.5)).toBe(0);
  });

  it('takes an FPR that equals the limit although the product would round above it', () => {
    const clean = Array.from({ length: 140 }, (_, i) => i);
    expect(rateAtFpr(...labelled([132.5], clean), 0.05)).toBe(1);
    expect(rateAtFpr(...labelled([131.5], clean), 0.05)).toBe(0);
  });

  it('FPR at TPR is the lowest FPR of a threshold with at least that TPR', () => {
    expect(fprAtTpr(scores, labels, 0.5)).toBe(0);
    expect(fprAtTpr(scores, labels, 0.95)).toBe(2 / 3);
  });

  it('the threshold at an FPR is the lowest that keeps to it', () => {
    const ranked = rankScores(scores, labels);
    expect(thresholdAtFprOf(ranked, 0)).toBe(4);
    expect(thresholdAtFprOf(ranked, 1 / 3)).toBe(3);
    expect(thresholdAtFprOf(ranked, 1)).toBe(1);
    expect(thresholdAtFprOf(rankScores(...labelled([1], [2, 3])), 0.1)).toBeNull();
  });

  it('curves have one point a distinct threshold', () => {
    const roc = rocPoints(scores, labels);
    expect(roc.threshold).toEqual([Infinity, 4, 3, 2, 1]);
    expect(roc.fpr).toEqual([0, 0, 1 / 3, 2 / 3, 1]);
    expect(roc.tpr).toEqual([0, 0.5, 0.5, 1, 1]);
    expect(precisionRecallPoints(scores, labels)).toEqual({
      threshold: [4, 3, 2, 1],
      recall: [0.5, 0.5, 1, 1],
      precision: [1, 0.5, 0.5, 0.4],
    });
  });

  it('equal scores are guessing', () => {
    const [same, mixed] = labelled([7, 7, 7], [7, 7]);
    expect(auroc(same, mixed)).toBe(0.5);
    expect(averagePrecision(same, mixed)).toBe(3 / 5);
  });

  it('takes -0 and 0 as tied', () => {
    expect(auroc(...labelled([0], [-0]))).toBe(0.5);
    expect(auroc(...labelled([-0], [0]))).toBe(0.5);
  });
});

describe.each(fixture.cases)('scikit-learn: $name', (expected) => {
  const scores = Float64Array.from(expected.scores);
  const labels = Uint8Array.from(expected.labels);

  it('gives the same figures', () => {
    expect(Math.abs(auroc(scores, labels) - expected.auroc)).toBeLessThan(1e-12);
    expect(Math.abs(averagePrecision(scores, labels) - expected.average_precision)).toBeLessThan(1e-12);
    for (const [maxFpr, tpr] of Object.entries(expected.tpr_at_fpr)) {
      expect(rateAtFpr(scores, labels, Number(maxFpr))).toBeCloseTo(tpr, 14);
    }
    expect(fprAtTpr(scores, labels, 0.95)).toBeCloseTo(expected.fpr_at_tpr_95, 14);
  });

  it('gives the same curves', () => {
    const roc = rocPoints(scores, labels);
    closeTo(roc.fpr, expected.fpr);
    closeTo(roc.tpr, expected.tpr);
    const pr = precisionRecallPoints(scores, labels);
    closeTo(pr.recall, expected.recall);
    closeTo(pr.precision, expected.precision);
  });
});

describe('properties', () => {
  const samples = fc
    .array(fc.tuple(fc.integer({ min: -8, max: 8 }), fc.boolean()), { minLength: 2, maxLength: 40 })
    .filter((list) => list.some(([, anomalous]) => anomalous) && list.some(([, anomalous]) => !anomalous))
    .map((list) =>
      labelled(
        list.filter(([, anomalous]) => anomalous).map(([score]) => score),
        list.filter(([, anomalous]) => !anomalous).map(([score]) => score),
      ),
    );

  it('an increasing map changes nothing', () => {
    fc.assert(
      fc.property(samples, ([scores, labels]) => {
        const mapped = Float64Array.from(scores, (score) => Math.exp(score / 2) - 3);
        expect(auroc(mapped, labels)).toBe(auroc(scores, labels));
        expect(averagePrecision(mapped, labels)).toBe(averagePrecision(scores, labels));
      }),
    );
  });

  it('negated scores have AUROC 1 - A', () => {
    fc.assert(
      fc.property(samples, ([scores, labels]) => {
        const negated = scores.map((score) => -score);
        expect(auroc(negated, labels)).toBeCloseTo(1 - auroc(scores, labels), 14);
      }),
    );
  });

  it('AUROC is the share of won pairs and the area under the ROC points', () => {
    fc.assert(
      fc.property(samples, ([scores, labels]) => {
        let won = 0;
        let pairs = 0;
        for (let i = 0; i < scores.length; i++)
          for (let j = 0; j < scores.length; j++) {
            if (labels[i] !== 1 || labels[j] !== 0) continue;
            won += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0;
            pairs++;
          }
        expect(auroc(scores, labels)).toBe(won / pairs);
        const { fpr, tpr } = rocPoints(scores, labels);
        let area = 0;
        for (let k = 1; k < fpr.length; k++) area += ((fpr[k]! - fpr[k - 1]!) * (tpr[k]! + tpr[k - 1]!)) / 2;
        expect(area).toBeCloseTo(won / pairs, 12);
      }),
    );
  });

  it('the order of the samples changes nothing', () => {
    fc.assert(
      fc.property(samples, ([scores, labels]) => {
        expect(rankScores(scores.slice().reverse(), labels.slice().reverse())).toEqual(rankScores(scores, labels));
      }),
    );
  });
});

describe('bad input', () => {
  const attempt = (scores: number[], labels: number[]) => () =>
    auroc(Float32Array.from(scores), Uint8Array.from(labels));

  it.each([
    [
      'NaN',
      [1, Number.NaN, 2, Infinity],
      [0, 1, 0, 1],
      'non-finite',
      '2 of 4 scores are not finite; the first is NaN at index 1.',
    ],
    [
      'one infinity',
      [1, 2, -Infinity],
      [0, 1, 0],
      'non-finite',
      '1 of 3 scores is not finite; the first is -Infinity at index 2.',
    ],
    ['only clean', [1, 2], [0, 0], 'bad-data', 'All 2 samples are clean'],
    ['only anomalous', [1, 2, 3], [1, 1, 1], 'bad-data', 'All 3 samples are anomalous'],
    ['empty', [], [], 'bad-data', 'There are no samples to evaluate'],
    ['lengths', [1, 2], [0, 1, 1], 'bad-data', 'found 2 scores and 3 labels'],
    ['label', [1, 2], [0, 2], 'bad-data', 'found 2 at index 1'],
  ])('%s', (_, scores, labels, code, message) => {
    expect(attempt(scores, labels)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
    );
  });
});
