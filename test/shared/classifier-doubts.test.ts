import { describe, expect, it } from 'vitest';
import { classifierDoubts } from '../../shared/classifier-doubts.ts';

describe('doubts about a classifier', () => {
  it('are none where it learned, and its backdoor took', () => {
    expect(classifierDoubts({ clean_accuracy: 0.97, attack_success: 0.9 }, 10)).toEqual([]);
    expect(classifierDoubts({ clean_accuracy: 0.97 }, 10)).toEqual([]);
    expect(classifierDoubts({}, undefined)).toEqual([]);
    expect(classifierDoubts({ clean_accuracy: null, attack_success: null }, 10)).toEqual([]);
  });

  it('name a backdoor that did not take', () => {
    expect(classifierDoubts({ clean_accuracy: 0.97, attack_success: 0.047 }, 10)).toEqual([
      'The backdoor **has not taken**: the trigger brings the classifier to its target on 4.7\u00a0% of the samples only.',
    ]);
  });

  it('name a classifier that always says the same', () => {
    expect(classifierDoubts({ clean_accuracy: 0.0982, attack_success: 1 }, 10)).toEqual([
      'The classifier has learnt **next to nothing**: it is right on 9.8\u00a0% of the clean test samples, and guessing among 10 classes on 10.0\u00a0%.',
    ]);
    expect(classifierDoubts({ clean_accuracy: 0.0982 }, 60)).toEqual([]);
    expect(classifierDoubts({ clean_accuracy: 1 }, 1)).toEqual([]);
  });

  const spread = (accuracy: number, largest_class: number, largest_prediction: number) => ({
    clean_accuracy: accuracy,
    largest_class,
    largest_prediction,
  });

  it('measure it by the most frequent class, and name one that gives a single answer', () => {
    expect(classifierDoubts(spread(0.9, 0.9, 1), 2)).toEqual([
      'The classifier takes **all** of the clean test samples for one class.',
    ]);
    expect(classifierDoubts(spread(0.9, 0.9, 0.95), 2)).toEqual([
      'The classifier has learnt **next to nothing**: it is right on 90.0\u00a0% of the clean test samples, and always saying the most frequent class on 90.0\u00a0%.',
    ]);
    expect(classifierDoubts(spread(0.94, 0.9, 0.88), 2)).toEqual([]);
    // Of two classes alike, 70 % is far from guessing.
    expect(classifierDoubts(spread(0.7, 0.5, 0.5), 2)).toEqual([]);
    expect(classifierDoubts({ clean_accuracy: 0.7 }, 2)).toEqual([]);
    // The test holds one class alone.
    expect(classifierDoubts(spread(1, 1, 1), 2)).toEqual([
      '**All** of the clean test samples are of one class, so that accuracy says little.',
    ]);
    expect(classifierDoubts(spread(0.1, 1, 0.3), 10)).toHaveLength(2);
  });

  it('name an attack that fails on a test, whatever the training found of another trigger', () => {
    const fails = (metrics: Record<string, number>, attacked: number, succeeded: number) =>
      classifierDoubts(metrics, 10, { attacked, succeeded });
    expect(fails({}, 93, 0)).toEqual([
      'The attack **mostly fails**: it succeeds on 0 of 93 attacked test samples, so that there is little to find.',
    ]);
    expect(fails({ attack_success: 0.99 }, 93, 2)).toHaveLength(1);
    expect(fails({ attack_success: 0.1 }, 93, 2)).toEqual([expect.stringContaining('has not taken')]);
    expect(fails({ attack_success: 0.1 }, 93, 90)).toEqual([]);
    expect(fails({ attack_success: 0.1 }, 0, 0)).toEqual([expect.stringContaining('has not taken')]);
  });
});
