import type { RandomStream } from '../../tensor/random.ts';
import { rankScores } from '../../../shared/scores/ranked-scores.ts';
import { influenceOn, type SmoothMetric } from './influence.ts';
import { jointNormal } from './joint-normal.ts';
import { metricFigures } from './metric-figures.ts';
import type { FigureDraws, SampleUnits, ScoredSeed } from './sample-units.ts';

/** What the units of a class bring to a figure, scaled so that products sum to covariances, `[units]` by class. */
type Shares = readonly [Float64Array, Float64Array];

/**
 * Draws AUROC or average precision as it would be on samples drawn again, without ranking these: the change is a sum of
 * the drawn samples' influences, hence close to normal, with covariances between seeds and detectors that follow from
 * the same influences. It is added on the logit scale, as for the interval of a single run, so that figures stay within
 * 0 and 1.
 */
export function smoothDraws(metric: SmoothMetric, seeds: readonly ScoredSeed[], units: SampleUnits): FigureDraws {
  const figures = seeds.flatMap(({ scores, labels }, s) =>
    scores.map((own) => ({
      seed: s,
      value: metricFigures[metric].of(rankScores(own, labels)),
      shares: sharesOf(influenceOn(metric, own, labels), labels, s, units),
    })),
  );
  const covariance = figures.map((a) =>
    Float64Array.from(figures, (b) =>
      a.seed === b.seed || units.shared ? dot(a.shares[0], b.shares[0]) + dot(a.shares[1], b.shares[1]) : 0,
    ),
  );
  const changes = jointNormal(covariance);
  const values = figures.map(({ value }) => value);
  return (stream: RandomStream) => changes(stream).map((change, f) => shifted(values[f]!, change));
}

function sharesOf(influence: Float64Array, labels: Uint8Array, seed: number, units: SampleUnits): Shares {
  const unitOf = units.unitOf[seed]!;
  const ofClass = (kind: 0 | 1): Float64Array => {
    const sums = new Float64Array(units.sizes[seed]![kind]);
    let samples = 0;
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] !== kind) continue;
      sums[unitOf[i]!]! += influence[i]!;
      samples++;
    }
    const own = units.own[seed]![kind];
    // The mean is taken off the units themselves, which makes their squares too small by this factor.
    const scale = own > 1 ? Math.sqrt(own / (own - 1)) / samples : 0;
    return sums.map((sum) => sum * scale);
  };
  return [ofClass(0), ofClass(1)];
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** A share after a change that is small on its own scale, made on that of the logit. */
function shifted(value: number, change: number): number {
  if (value <= 0 || value >= 1) return value;
  return 1 / (1 + Math.exp(-(Math.log(value / (1 - value)) + change / (value * (1 - value)))));
}
