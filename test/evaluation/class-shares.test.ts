import { describe, expect, it } from 'vitest';
import { classShares } from '../../main/evaluation/class-shares.ts';

describe('how samples and answers spread over classes', () => {
  it('by hand', () => {
    expect(classShares([0, 0, 0, 1], Int32Array.of(0, 1, 1, 1))).toEqual({
      accuracy: 0.5,
      largest_class: 0.75,
      largest_prediction: 0.75,
    });
    expect(classShares([2, 1], [3, 3])).toEqual({ accuracy: 0, largest_class: 0.5, largest_prediction: 1 });
  });
});
