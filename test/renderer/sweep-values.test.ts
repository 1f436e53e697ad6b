import { describe, expect, it } from 'vitest';
import { numberTexts, rangeFault, rangeValues } from '../../renderer/components/form/sweep-values.ts';

describe('a range that is filled', () => {
  it('has both ends, equal steps, or equal ratios on a log scale', () => {
    expect(rangeValues(0, 1, 5, { scale: 'linear', whole: false })).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(rangeValues(0.001, 1, 4, { scale: 'log', whole: false })).toEqual([0.001, 0.01, 0.1, 1]);
    expect(rangeValues(3, 1, 3, { scale: 'linear', whole: false })).toEqual([3, 2, 1]);
  });

  it('has each whole number once where only these are taken', () => {
    expect(rangeValues(1, 3, 5, { scale: 'linear', whole: true })).toEqual([1, 2, 3]);
  });

  it('says what it lacks', () => {
    expect(rangeFault(undefined, 1, 3, 'linear')).toContain('begins and ends');
    expect(rangeFault(0, 1, 3, 'log')).toContain('above 0');
    expect(rangeFault(0, 1, 1.5, 'linear')).toContain('whole number');
    expect(rangeFault(1, 1, 3, 'linear')).toContain('differ');
    expect(rangeFault(0, 1, 3, 'linear')).toBeNull();
  });
});

it('reads numbers that are separated in whatever way, and a comma for a point', () => {
  expect(numberTexts('1 2;3')).toEqual(['1', '2', '3']);
  expect(numberTexts('0,5 1,5')).toEqual(['0,5', '1,5']);
  expect(numberTexts('1,2,3')).toEqual(['1', '2', '3']);
  expect(numberTexts('1, 2')).toEqual(['1', '2']);
  expect(numberTexts('  ')).toEqual([]);
});
