import { describe, expect, it } from 'vitest';
import { growth, withMargin } from '../../main/inspections/phase-times.ts';

describe('growth', () => {
  it('is the power of the number of samples with which a time grows', () => {
    expect(growth(10, 40, 4)).toBeCloseTo(1);
    expect(growth(10, 160, 4)).toBeCloseTo(2);
    expect(growth(10, 20, 4)).toBeCloseTo(0.5);
  });

  it('is not misled by noise: never below 0, never above 2', () => {
    expect(growth(20, 10, 4)).toBe(0);
    expect(growth(1, 1000, 4)).toBe(2);
    expect(growth(0, 10, 4)).toBe(0);
    expect(growth(10, 20, 1)).toBe(0);
  });
});

it('what a phase may take is never less than what it should take', () => {
  expect(withMargin({ Train: 100, Fit: 10 })).toEqual({
    likely: { Train: 100, Fit: 10 },
    most: { Train: 150, Fit: 15 },
  });
});
