import { describe, expect, it } from 'vitest';
import { shadesBy } from '../../shared/charts/point-cloud.ts';

describe('points coloured by metadata', () => {
  it('have a colour for each of a few values, the most frequent first', () => {
    const { of, words, isHeat } = shadesBy('source', ['b', 'a', 'a', null]);
    expect([[...of], words, isHeat]).toEqual([[1, 0, 0, -1], ['a', 'b'], false]);
  });

  it('share a colour beyond seven values', () => {
    const { of, words } = shadesBy(
      'id',
      Array.from({ length: 10 }, (_, i) => `s${i}`),
    );
    expect(words.at(-1)).toBe('3 others');
    expect([...of]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 7, 7]);
  });

  it('have steps of heat by many numbers', () => {
    const { of, words, isHeat } = shadesBy(
      'stars',
      Array.from({ length: 14 }, (_, i) => i),
    );
    expect(isHeat).toBe(true);
    expect(words).toEqual(['0', '13']);
    expect([...of].filter((step) => step === 6)).toHaveLength(2);
  });
});
