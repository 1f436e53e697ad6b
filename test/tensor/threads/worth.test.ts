import { describe, expect, it } from 'vitest';
import { Worth } from '../../../main/tensor/threads/worth.ts';

/**
 * Lets tasks of `taskMs` of work follow each other for `durationMs` where in a millisecond that much is done together and alone;
 * gives the time that the work would have taken alone for each millisecond that it took.
 */
function simulate(worth: Worth, rates: { together: number; alone: number }, durationMs: number, start = 0) {
  let [now, work] = [start, 0];
  while (now < start + durationMs) {
    const rate = worth.isWorthIt ? rates.together : rates.alone;
    now += 1 / rate;
    work += 1;
    worth.add(1, 1 / rate, now);
  }
  return { gain: work / rates.alone / (now - start), now };
}

describe('Worth', () => {
  it('stays with helpers that bring much', () => {
    expect(simulate(new Worth(), { together: 1.9, alone: 1 }, 10_000).gain).toBeCloseTo(1.9, 3);
  });

  it('does not take it for a verdict that a helper is held up for a moment', () => {
    const worth = new Worth();
    for (let now = 0; now < 10_000;) {
      const rate = now % 250 < 20 ? 0.2 : 1.8;
      now += 1 / rate;
      worth.add(1, 1 / rate, now);
      expect(worth.isWorthIt).toBe(true);
    }
  });

  it('leaves helpers alone that cost more than they bring, but for a trial now and then', () => {
    for (const together of [0.2, 0.5, 0.9]) {
      const { gain } = simulate(new Worth(), { together, alone: 1 }, 60_000);
      expect(gain).toBeGreaterThan(0.97);
      expect(gain).toBeLessThan(1);
    }
  });

  it('stays with helpers that bring little where the caller alone does still less', () => {
    expect(simulate(new Worth(), { together: 0.8, alone: 0.5 }, 60_000).gain).toBeGreaterThan(1.5);
  });

  it('comes back to helpers within seconds once there are processors for them', () => {
    const worth = new Worth();
    const { now } = simulate(worth, { together: 0.5, alone: 0.9 }, 60_000);
    simulate(worth, { together: 1.9, alone: 1 }, 4500, now);
    expect(worth.isWorthIt).toBe(true);
    expect(simulate(worth, { together: 1.9, alone: 1 }, 1000, now + 4500).gain).toBeCloseTo(1.9, 3);
  });
});
