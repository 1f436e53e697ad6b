import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../main/tensor/random.ts';

function draw(stream: RandomStream, n: number): number[] {
  return Array.from({ length: n }, () => stream.uniform());
}

/** Pearson's chi-squared statistic of counts that should be equal. */
function chiSquared(counts: number[], total: number): number {
  const expected = total / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function correlation(a: number[], b: number[]): number {
  const mean = (x: number[]) => x.reduce((sum, value) => sum + value, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  const product = (x: number[], mx: number, y: number[], my: number) =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0);
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb));
}

describe('RandomStream', () => {
  it('gives these numbers on every machine', () => {
    const stream = RandomStream.from(42, 'test', 7);
    expect([stream.uint32(), stream.uint32(), stream.uint32()]).toEqual([1679980957, 2542473969, 4250663099]);
  });

  it('gives the same numbers for the same seed and names, others for others', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string(), fc.string(), fc.integer(), (seed, a, b, index) => {
        const first = draw(RandomStream.from(seed, a, index), 4);
        expect(draw(RandomStream.from(seed, a, index), 4)).toEqual(first);
        expect(draw(RandomStream.from(seed).derive(a).derive(index), 4)).toEqual(first);
        expect(draw(RandomStream.from(seed, a, index + 1), 4)).not.toEqual(first);
        if (a !== b) expect(draw(RandomStream.from(seed, b, index), 4)).not.toEqual(first);
      }),
    );
    expect(draw(RandomStream.from(1, 'ab', 'c'), 4)).not.toEqual(draw(RandomStream.from(1, 'a', 'bc'), 4));
    expect(draw(RandomStream.from(2 ** 32 + 1), 4)).not.toEqual(draw(RandomStream.from(1), 4));
  });

  it('is not moved by streams derived from it, nor they by it', () => {
    const [parent, undisturbed] = [RandomStream.from(5), RandomStream.from(5)];
    const early = draw(parent.derive('child'), 8);
    expect(draw(parent, 8)).toEqual(draw(undisturbed, 8));
    expect(draw(parent.derive('child'), 8)).toEqual(early);
  });

  it('is uniform, in order of drawing and across neighbouring streams', () => {
    const n = 100_000;
    const within = RandomStream.from(3);
    const values = {
      within: draw(within, n),
      across: Array.from({ length: n }, (_, i) => RandomStream.from(3, 'sample', i).uniform()),
    };
    for (const sample of Object.values(values)) {
      const counts = new Array<number>(100).fill(0);
      for (const value of sample) counts[Math.floor(value * 100)]!++;
      // 99 degrees of freedom: beyond 161 with probability 1e-4.
      expect(chiSquared(counts, n)).toBeLessThan(161);
      // Standard error 0.003.
      expect(Math.abs(correlation(sample.slice(1), sample.slice(0, -1)))).toBeLessThan(0.013);
    }
    expect(Math.abs(correlation(values.within, values.across))).toBeLessThan(0.013);
  });

  it('derives streams that do not depend on each other', () => {
    const parent = RandomStream.from(9);
    const streams = [parent.derive('a'), parent.derive('b'), parent.derive(0), parent.derive(1)].map((stream) =>
      draw(stream, 20_000),
    );
    // Standard error 0.007.
    for (const [i, a] of streams.entries())
      for (const b of streams.slice(i + 1)) expect(Math.abs(correlation(a, b))).toBeLessThan(0.03);
  });

  it('draws whole numbers below a bound, each equally often', () => {
    const stream = RandomStream.from(11);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) counts[stream.integer(6)]!++;
    // 5 degrees of freedom: beyond 25.7 with probability 1e-4.
    expect(chiSquared(counts, 60_000)).toBeLessThan(25.7);
    expect(stream.integer(1)).toBe(0);
    fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (bound) => stream.integer(bound) < bound));
  });

  it('draws from the standard normal distribution', () => {
    const stream = RandomStream.from(13);
    const n = 100_000;
    const values = Array.from({ length: n }, () => stream.normal());
    const moment = (k: number) => values.reduce((sum, value) => sum + value ** k, 0) / n;
    expect(moment(1)).toBeCloseTo(0, 1.8);
    expect(moment(2)).toBeCloseTo(1, 1.5);
    expect(moment(4)).toBeCloseTo(3, 0.8);
    expect(values.filter((value) => Math.abs(value) < 1.96).length / n).toBeCloseTo(0.95, 2);
  });

  it('shuffles: every number once, every place equally likely', () => {
    const stream = RandomStream.from(17);
    fc.assert(
      fc.property(fc.nat(200), (n) => {
        expect([...stream.permutation(n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
    const counts = new Array<number>(25).fill(0);
    for (let round = 0; round < 10_000; round++)
      stream.permutation(5).forEach((value, place) => (counts[place * 5 + value]! += 1));
    // 16 degrees of freedom: beyond 45 with probability 1e-4.
    expect(chiSquared(counts, 50_000)).toBeLessThan(45);
  });
});
