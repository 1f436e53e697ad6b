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
});
