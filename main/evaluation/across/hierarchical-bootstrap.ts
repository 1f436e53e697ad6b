import { quantile } from '../../../shared/scores/quantile.ts';
import { RandomStream } from '../../tensor/random.ts';
import { meanOf } from './mean-deviation.ts';

export interface BootstrapOptions {
  /** How many times seeds and samples are drawn. */
  resamples?: number;
  /** The same seed gives the same interval. */
  seed?: number;
}

/** 2.5 % and 97.5 % quantiles of the mean over seeds. */
export interface MeanBounds {
  lower: number;
  upper: number;
}

export interface HierarchicalBounds {
  both: MeanBounds;
  /**
   * Where samples alone are drawn, and where seeds alone are; null for a single seed, which does not say how far others
   * are.
   */
  samples: MeanBounds;
  seeds: MeanBounds | null;
}

/**
 * Resamples the mean of `values`, one a seed: seeds outside, samples inside. `onOtherSamples` returns the values as
 * they might be on other samples, `[seeds]`, NaN where it cannot say.
 *
 * Approximations: both parts are drawn independently of one another and added, rather than samples within the seeds
 * that were drawn, so that a seed that is drawn twice does not count the noise of shared samples twice; and the part of
 * n seeds is scaled by sqrt(n / (n - 1)), without which the bootstrap of so few takes their variance for (n - 1) / n of
 * what it is (Rao & Wu 1988). What seeds spread by holds some of the samples' noise already where each has samples of
 * its own: the interval is then rather too wide.
 */
export function hierarchicalBootstrap(
  values: readonly number[],
  onOtherSamples: (stream: RandomStream) => ArrayLike<number>,
  { resamples = 2000, seed = 0 }: BootstrapOptions,
): HierarchicalBounds {
  const n = values.length;
  const mean = meanOf(values);
  const [forSamples, forSeeds] = [RandomStream.from(seed, 'samples'), RandomStream.from(seed, 'seeds')];
  const scale = n > 1 ? Math.sqrt(n / (n - 1)) : 0;
  const bySamples = new Float64Array(resamples);
  const bySeeds = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) {
    const others = onOtherSamples(forSamples);
    for (let s = 0; s < n; s++) {
      const change = others[s]! - values[s]!;
      if (!Number.isNaN(change)) bySamples[b]! += change / n;
      bySeeds[b]! += (values[forSeeds.integer(n)]! - mean) / n;
    }
    bySeeds[b]! *= scale;
  }
  const bounds = (changes: Float64Array): MeanBounds => {
    const sorted = changes.slice().sort();
    return { lower: mean + quantile(sorted, 0.025), upper: mean + quantile(sorted, 0.975) };
  };
  return {
    both: bounds(bySamples.map((change, b) => change + bySeeds[b]!)),
    samples: bounds(bySamples),
    seeds: n > 1 ? bounds(bySeeds) : null,
  };
}
