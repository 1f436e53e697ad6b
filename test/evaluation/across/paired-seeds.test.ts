import { describe, expect, it } from 'vitest';
import { pairedSeedsTest } from '../../../main/evaluation/across/paired-seeds.ts';
import { studentTwoSidedTail } from '../../../main/evaluation/beta.ts';
import { delongTest } from '../../../main/evaluation/delong.ts';
import { RandomStream } from '../../../main/tensor/random.ts';

describe('the tail of Student’s t', () => {
  // The first three by Simpson's rule over the density in Python, 2,000,000 steps; the table of Fisher & Yates has 4.303
  // for 5 % with two degrees of freedom.
  it.each([
    [2.5, 3.7, 0.07182202291182611],
    [1.2, 10.5, 0.25651457032947145],
    [8, 2.2, 0.011490611896705609],
  ])('beyond %f with %f degrees of freedom', (t, freedom, expected) => {
    expect(studentTwoSidedTail(t, freedom) / expected).toBeCloseTo(1, 9);
    expect(studentTwoSidedTail(-t, freedom)).toBe(studentTwoSidedTail(t, freedom));
  });

  it('is that of published tables', () => {
    expect(studentTwoSidedTail(4.303, 2)).toBeCloseTo(0.05, 4);
    expect(studentTwoSidedTail(12.706, 1)).toBeCloseTo(0.05, 4);
  });
});

/** Scores of 200 + 200 samples by two detectors, the second `behind` the first. */
function scored(seed: number, behind: number) {
  const stream = RandomStream.from(seed, 'paired seeds');
  const labels = Uint8Array.from({ length: 400 }, (_, i) => i % 2);
  const both = Float64Array.from(labels, () => stream.normal());
  const with_ = (distance: number) => Float64Array.from(labels, (label, i) => both[i]! + 0.5 * stream.normal() + distance * label); // prettier-ignore
  return { scores: [with_(1.2), with_(1.2 - behind)] as const, labels, groups: Int32Array.from(labels, (_, i) => i) };
}

describe('the test of two detectors over seeds', () => {
  it('is that of one seed where all seeds are the same: they say nothing more', () => {
    const seed = scored(1, 0.2);
    const alone = delongTest(...seed.scores, seed.labels);
    const { difference, p } = pairedSeedsTest([seed, seed, seed]);
    expect(difference).toBeCloseTo(alone.difference, 12);
    // The samples' share of the variance is drawn 2,000 times, and added on another scale.
    expect(Math.log(p!) / Math.log(alone.p!)).toBeGreaterThan(0.8);
    expect(Math.log(p!) / Math.log(alone.p!)).toBeLessThan(1.25);
  });

  it('is surer the more seeds agree, and less sure where they do not', () => {
    const agree = [1, 2, 3].map((seed) => scored(seed, 0.3));
    const disagree = [1, 2, 3].map((seed, k) => scored(seed, 0.3 + 0.6 * (k - 1)));
    expect(pairedSeedsTest(agree).p).toBeLessThan(0.05);
    expect(pairedSeedsTest(disagree).p).toBeGreaterThan(0.1);
    const [first, second] = agree as [(typeof agree)[0], (typeof agree)[0]];
    const turned = { ...first, scores: [first.scores[1], first.scores[0]] as const };
    const other = { ...second, scores: [second.scores[1], second.scores[0]] as const };
    expect(pairedSeedsTest([turned, other]).p).toBeCloseTo(pairedSeedsTest([first, second]).p!, 1);
  });

  it('finds no difference between equal scores', () => {
    const seeds = [1, 2].map((seed) => {
      const own = scored(seed, 0);
      return { ...own, scores: [own.scores[0], own.scores[0]] as const };
    });
    expect(pairedSeedsTest(seeds)).toEqual({ difference: 0, lower: 0, upper: 0, p: 1 });
  });

  it('rejects what is true no more often than promised, however few seeds there are', () => {
    let rejected = 0;
    const simulations = 120;
    for (let k = 0; k < simulations; k++) {
      // Each seed's detectors differ, to either side alike.
      const stream = RandomStream.from(k, 'spread of seeds');
      const seeds = [0, 1, 2].map((seed) => scored(1000 + 3 * k + seed, 0.3 * stream.normal()));
      if (pairedSeedsTest(seeds).p! < 0.05) rejected++;
    }
    // 5 % of 120 are 6; more than 12 have a chance below 1 %.
    expect(rejected).toBeLessThanOrEqual(12);
  });
});
