import { describe, expect, it } from 'vitest';
import { sgld, type SgldOptions } from '../../main/detectors/parts/sgld.ts';
import { RandomStream } from '../../main/tensor/random.ts';

const options: SgldOptions = { chains: 1, draws: 10, thinning: 1, stepSize: 0.1, localisation: 2, nBeta: 0 };
const none = (w: Float64Array) => Promise.resolve(new Float64Array(w.length));

async function drawsOf(
  start: number[],
  gradient: (w: Float64Array) => Promise<Float64Array>,
  changed: Partial<SgldOptions>,
  seed = 1,
): Promise<number[][]> {
  const draws: number[][] = [];
  const stream = RandomStream.from(seed, 'sgld');
  for await (const w of sgld(Float64Array.from(start), gradient, { ...options, ...changed }, stream))
    draws.push([...w]);
  return draws;
}

describe('sgld', () => {
  it('settles on a quadratic at the variance and the mean that the step size gives', async () => {
    // Loss h/2 w^2 a coordinate, started at s: lambda = n beta h + gamma, mean gamma s / lambda.
    const curvatures = [1, 5];
    const start = [3, -2];
    const [stepSize, localisation, nBeta] = [0.2, 2, 0.8];
    const gradient = (w: Float64Array) => Promise.resolve(w.map((value, i) => curvatures[i]! * value));
    const draws = await drawsOf(start, gradient, { stepSize, localisation, nBeta, draws: 40_000, thinning: 3 });
    const kept = draws.slice(200);
    curvatures.forEach((h, i) => {
      const lambda = nBeta * h + localisation;
      const mean = kept.reduce((sum, w) => sum + w[i]!, 0) / kept.length;
      const variance = kept.reduce((sum, w) => sum + (w[i]! - mean) ** 2, 0) / kept.length;
      const expected = 1 / (lambda * (1 - (stepSize * lambda) / 4));
      // 40,000 draws of correlation below 0.4: the standard error of the variance is about 1 %, that of the mean 0.005.
      expect(Math.abs(variance / expected - 1)).toBeLessThan(0.04);
      expect(Math.abs(mean - (localisation * start[i]!) / lambda)).toBeLessThan(0.02);
    });
  });

  it('takes exactly the step of the formula', async () => {
    const one = await drawsOf([1], none, { draws: 2, stepSize: 0.5, localisation: 1 });
    const other = await drawsOf([1], () => Promise.resolve(Float64Array.of(4)), {
      draws: 2,
      stepSize: 0.5,
      localisation: 1,
      nBeta: 3,
    });
    // Same noise: the first step differs by -eps/2 n beta g = -3; the second by that once more and the pull on the first.
    expect(other[0]![0]! - one[0]![0]!).toBeCloseTo(-3, 12);
    expect(other[1]![0]! - one[1]![0]!).toBeCloseTo(-3 - 3 * (1 - 0.25), 12);
  });

  it('starts every chain again with noise of its own, thins, and repeats itself for a seed', async () => {
    const every = await drawsOf([0], none, { chains: 2, draws: 6 });
    expect(every.length).toBe(12);
    expect(every[6]).not.toEqual(every[0]);
    const third = await drawsOf([0], none, { chains: 2, draws: 2, thinning: 3 });
    expect(third).toEqual([every[2], every[5], every[8], every[11]]);
    expect(await drawsOf([0], none, { chains: 2, draws: 6 }, 2)).not.toEqual(every);
  });

  it('refuses a step that overshoots, and says where a chain diverges', async () => {
    await expect(drawsOf([0], none, { stepSize: 2, localisation: 2 })).rejects.toMatchObject({ code: 'usage' });
    const runaway = (w: Float64Array) => Promise.resolve(w.map(() => NaN));
    await expect(drawsOf([0], runaway, { nBeta: 1 })).rejects.toMatchObject({
      code: 'non-finite',
      details: { chain: 1, step: 1 },
    });
  });
});
