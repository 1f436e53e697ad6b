import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  conformalThreshold,
  fewestHeldOut,
  realisedRates,
} from '../../../main/evaluation/across/conformal-threshold.ts';
import { RandomStream } from '../../../main/tensor/random.ts';

const up = (n: number) => Float64Array.from({ length: n }, (_, i) => i + 1);

describe('split conformal threshold', () => {
  it.each([
    // ceil((n + 1) (1 - alpha)): 19, 96, 10 of 10, 100 of 100.
    [19, 0.05, 19],
    [100, 0.05, 96],
    [10, 0.1, 10],
    [100, 0.01, 100],
    [99, 0.01, 99],
    [9, 0.3, 7],
    [99, 0.07, 93],
  ])('of %d scores at %d is the %d-th smallest', (n, alpha, place) => {
    expect(conformalThreshold(up(n).reverse(), alpha)).toBe(place);
  });

  it('is infinite where there are too few scores', () => {
    expect(conformalThreshold(up(18), 0.05)).toBe(Infinity);
    expect(conformalThreshold(up(98), 0.01)).toBe(Infinity);
  });

  it('says how many scores it takes', () => {
    for (const alpha of [0.01, 0.05, 0.1, 0.3]) {
      const fewest = fewestHeldOut(alpha);
      expect(conformalThreshold(up(fewest), alpha)).toBe(fewest);
      expect(conformalThreshold(up(fewest - 1), alpha)).toBe(Infinity);
    }
  });

  it('lets through as many held-out scores as it may, and not one less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 99 }), (n, percent) => {
        const threshold = conformalThreshold(up(n), percent / 100);
        const above = up(n).filter((score) => score > threshold).length;
        // In whole numbers: (above + 1) / (n + 1) is the highest p value that is flagged.
        const allowed = Math.floor(((n + 1) * percent) / 100 + 1e-9);
        expect(above).toBe(Math.max(0, allowed - 1));
        expect(threshold === Infinity).toBe(allowed === 0);
      }),
    );
  });

  it('keeps its promise on average, from both sides', () => {
    const stream = RandomStream.from(11);
    const [n, alpha, rounds] = [39, 0.1, 20_000];
    let flagged = 0;
    for (let round = 0; round < rounds; round++) {
      const scores = Float64Array.from({ length: n }, () => stream.normal());
      if (stream.normal() > conformalThreshold(scores, alpha)) flagged++;
    }
    // 40 x 0.1 is whole, so that the probability is 0.1 exactly; three standard errors.
    expect(Math.abs(flagged / rounds - alpha)).toBeLessThan(3 * Math.sqrt((alpha * (1 - alpha)) / rounds));
  });

  it('says what is flagged on test samples; a score at the threshold is not', () => {
    const rates = realisedRates(2, Float64Array.of(1, 2, 3, 4, 2, 5), Uint8Array.of(0, 0, 0, 1, 1, 1));
    expect(rates).toEqual({ fpr: 1 / 3, tpr: 2 / 3 });
    expect(realisedRates(Infinity, Float64Array.of(1, 2), Uint8Array.of(0, 1))).toEqual({ fpr: 0, tpr: 0 });
  });

  it('refuses rates and scores that are none', () => {
    expect(() => conformalThreshold(up(9), 0)).toThrow('between 0 and 1, got 0');
    expect(() => conformalThreshold(up(9), Number.NaN)).toThrow('between 0 and 1, got NaN');
    expect(() => conformalThreshold(new Float32Array(), 0.1)).toThrow('got none');
    expect(() => conformalThreshold(Float32Array.of(1, Number.NaN), 0.1)).toThrow('is NaN');
  });
});
