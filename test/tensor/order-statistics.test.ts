import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowerMedianInPlace, medianInPlace, selectInPlace } from '../../main/tensor/linalg/order-statistics.ts';

const numbers = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 200 });

describe('order statistics', () => {
  it('select what sorting would put there', () => {
    fc.assert(
      fc.property(numbers, fc.nat(), (values, place) => {
        const k = place % values.length;
        const sorted = Float64Array.from(values).sort();
        expect(selectInPlace(Float64Array.from(values), k) === sorted[k]).toBe(true);
      }),
    );
  });

  it('stays fast and right on equal, ascending and descending values', () => {
    const n = 50_000;
    for (const make of [() => 3, (i: number) => i, (i: number) => -i, (i: number) => i % 2]) {
      const values = Float64Array.from({ length: n }, (_, i) => make(i));
      const sorted = values.slice().sort();
      expect(selectInPlace(values, n / 2)).toBe(sorted[n / 2]);
    }
  });

  it('medians take the lower or the mean of the two middle values', () => {
    expect(lowerMedianInPlace(Float64Array.of(4, 1, 3, 2))).toBe(2);
    expect(medianInPlace(Float64Array.of(4, 1, 3, 2))).toBe(2.5);
    expect(medianInPlace(Float64Array.of(9, 1, 5))).toBe(5);
    expect(medianInPlace(Float64Array.of(7))).toBe(7);
  });

  it('refuse a place that does not exist', () => {
    expect(() => selectInPlace(new Float64Array(0), 0)).toThrow(/below 0/);
    expect(() => medianInPlace(new Float64Array(0))).toThrow();
  });
});
