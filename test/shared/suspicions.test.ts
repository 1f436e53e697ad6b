import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Suspicion } from '../../shared/domain/suspicion.ts';
import { scoreTies, suspicions, type ResultFacts } from '../../shared/suspicions.ts';

const ids = (facts: ResultFacts) => suspicions(facts).map(({ id }) => id);

const sound: ResultFacts = {
  attack: { aim: 'label', success: 0.98, cleanRate: 0.01 },
  classifier: {
    accuracy: 0.97,
    classes: 10,
    usual: { accuracy: 0.98, source: 'Somebody' },
    largestPrediction: 0.34,
    largestClass: 0.33,
  },
  detection: { auroc: 0.93, lower: 0.91, upper: 0.95, clean: 1000, anomalous: 1000 },
  scores: { distinct: 1980, largestShare: 0.01 },
  overlap: 0,
  triggers: { trained: 'Corner pixel', tested: 'Corner pixel' },
};

const detection = (auroc: number, lower: number, upper: number, samples = 1000): ResultFacts => ({
  detection: { auroc, lower, upper, clean: samples, anomalous: samples },
});

describe('what makes a result doubtful', () => {
  it('is nothing where all is as it should be, or nothing is known', () => {
    expect(suspicions(sound)).toEqual([]);
    expect(suspicions({})).toEqual([]);
    expect(suspicions({ attack: { aim: 'label', success: 0.5 }, classifier: {} })).toEqual([]);
  });

  it.each<[Suspicion['id'], ResultFacts, string]>([
    [
      'attack-fails',
      { attack: { aim: 'label', success: 0.047, cleanRate: 0.2 } },
      'target on 4.7 % of the samples only',
    ],
    [
      'attack-without-effect',
      { attack: { aim: 'label', success: 0.6, cleanRate: 0.6 } },
      '60.0 % of the attacked samples',
    ],
    ['attack-fails', { attack: { aim: 'mistake', success: 0.2 } }, 'to a mistake on 20.0 % of the samples only'],
    ['attack-without-effect', { attack: { aim: 'mistake', success: 0.5, cleanRate: 0.5 } }, 'mistaken on 50.0 %'],
    ['other-trigger', { triggers: { trained: 'Corner pixel', tested: 'Noise' } }, 'another trigger (Corner pixel)'],
    ['one-class', { classifier: { largestPrediction: 1, largestClass: 1 / 3 } }, 'takes all of the clean'],
    ['one-class', { classifier: { largestPrediction: 399 / 400 } }, 'takes 99.8 % of the clean'],
    [
      'learnt-nothing',
      { classifier: { accuracy: 0.12, classes: 10, usual: { accuracy: 0.98, source: 'Somebody' } } },
      'next to nothing',
    ],
    [
      'learnt-nothing',
      { classifier: { accuracy: 0.8, classes: 2, largestClass: 0.8 } },
      'the most frequent class on 80.0 %',
    ],
    [
      'one-class',
      { classifier: { accuracy: 0.8, classes: 2, largestPrediction: 1, largestClass: 0.8 } },
      'takes all of the',
    ],
    [
      'accuracy-below-usual',
      { classifier: { accuracy: 0.92, classes: 10, usual: { accuracy: 0.98, source: 'Somebody' } } },
      'the usual 98.0 % (Somebody)',
    ],
    [
      'one-class-test',
      { classifier: { accuracy: 1, classes: 10, largestClass: 1 } },
      'All of the clean test samples are of one class',
    ],
    ['overlap', { overlap: 1 }, '1 test sample is also'],
    ['overlap', { overlap: 1200 }, '1\u202f200 test samples are also'],
    ['constant-scores', { scores: { distinct: 1, largestShare: 1 } }, 'the same score'],
    ['equal-scores', { scores: { distinct: 9, largestShare: 0.5 } }, '50.0 % of the samples'],
    ['wrong-way', detection(0.361, 0.321, 0.397), 'AUROC 0.361 (0.321 to 0.397)'],
    ['few-samples', detection(0.6, 0.3, 0.85, 8), 'Too few samples to tell: 8 clean and 8 anomalous'],
  ])('%s', (id, facts, words) => {
    const [suspicion, ...more] = suspicions(facts);
    expect(more).toEqual([]);
    expect(suspicion).toMatchObject({ id, remedy: expect.stringMatching(/^[A-Z].*\.$/) as string });
    expect(suspicion!.sentence.replaceAll('\u00a0', ' ')).toContain(words);
    expect(suspicion!.sentence).not.toContain('**');
  });

  it('is not a classifier’s fault where the samples are of one class, or its seeds spread', () => {
    expect(ids({ classifier: { largestPrediction: 1, largestClass: 1, classes: 1 } })).toEqual([]);
    expect(ids({ classifier: { accuracy: 0.94, classes: 10, usual: { accuracy: 0.98, source: 'Somebody' } } })).toEqual(
      [],
    );
    expect(ids({ classifier: { accuracy: 0.5, classes: 10, usual: { accuracy: 0.6, source: 'Somebody' } } })).toEqual(
      [],
    );
    expect(ids({ classifier: { accuracy: 0.3, classes: 10, usual: { accuracy: 0.6, source: 'Somebody' } } })).toEqual([
      'accuracy-below-usual',
    ]);
  });

  it('is not said of few samples that tell enough, nor of many that tell nothing', () => {
    expect(ids(detection(1, 0.7, 1, 15))).toEqual([]);
    expect(ids(detection(0.1, 0, 0.3, 15))).toEqual(['wrong-way']);
    expect(ids(detection(0.5, 0.47, 0.53))).toEqual([]);
  });

  it('puts the gravest first', () => {
    const facts: ResultFacts = {
      ...sound,
      attack: { aim: 'label', success: 0.1 },
      overlap: 3,
      ...detection(0.2, 0.1, 0.3),
    };
    expect(ids(facts)).toEqual(['attack-fails', 'overlap', 'wrong-way']);
  });
});

describe('scores that are alike', () => {
  it('by hand', () => {
    expect(scoreTies(Float32Array.of(1, 2, 2, 3))).toEqual({ distinct: 3, largestShare: 0.5 });
    expect(scoreTies(Float64Array.of(0, -0))).toEqual({ distinct: 1, largestShare: 1 });
  });

  it('as counting says', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1 }), (values) => {
        const largest = Math.max(...values.map((value) => values.filter((other) => other === value).length));
        expect(scoreTies(Float64Array.from(values))).toEqual({
          distinct: new Set(values).size,
          largestShare: largest / values.length,
        });
      }),
    );
  });
});
