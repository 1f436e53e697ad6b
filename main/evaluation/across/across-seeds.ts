import type { MatrixMetric } from '../../../shared/domain/result-matrix.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { rankScores, type Scores } from '../../../shared/scores/ranked-scores.ts';
import {
  hierarchicalBootstrap,
  type BootstrapOptions,
  type HierarchicalBounds,
  type MeanBounds,
} from './hierarchical-bootstrap.ts';
import { deviationOf, meanOf } from './mean-deviation.ts';
import { metricFigures } from './metric-figures.ts';
import { rateDraws } from './rate-draws.ts';
import { sampleUnits, type FigureDraws, type SampleUnits, type ScoredSeed } from './sample-units.ts';
import { smoothDraws } from './smooth-draws.ts';

/** A figure over seeds, with its 95 % interval. */
export interface FigureOverSeeds {
  /** One a seed, in the order given. */
  values: number[];
  mean: number;
  /** Over seeds, divisor n - 1; null for one seed. */
  deviation: number | null;
  lower: number;
  upper: number;
  /** Half of the interval's width where samples alone, and seeds alone, are drawn; null for one seed. */
  fromSamples: number;
  fromSeeds: number | null;
}

/** One detector's scores of the test samples of one seed. */
export type SeedScores = Omit<ScoredSeed, 'scores'> & { scores: Scores };

/**
 * Two detectors' scores of the same test samples in the same order: the one that is compared, and the one that it is
 * compared with.
 */
export type PairedSeedScores = Omit<ScoredSeed, 'scores'> & { scores: readonly [Scores, Scores] };

/**
 * Returns a metric over the seeds of one setting, with a hierarchical bootstrap interval of its mean (seeds outside,
 * samples inside). It reaches at least as far as the rule of three allows for what was not seen among the samples of
 * one seed. One seed has the interval of its run.
 * @throws CupbearerError `bad-data` without seeds, and as `checkScores`.
 */
export function figureOverSeeds(
  metric: MatrixMetric,
  seeds: readonly SeedScores[],
  options: BootstrapOptions = {},
): FigureOverSeeds {
  const [first] = seeds;
  if (!first) throw noSeeds();
  if (seeds.length === 1) {
    const { value, lower, upper } = metricFigures[metric].interval(first.scores, first.labels);
    const fromSamples = (upper - lower) / 2;
    return { values: [value], mean: value, deviation: null, lower, upper, fromSamples, fromSeeds: null };
  }
  const scored = seeds.map(({ scores, ...rest }) => ({ ...rest, scores: [scores] }));
  const values = seeds.map(({ scores, labels }) => metricFigures[metric].of(rankScores(scores, labels)));
  const mean = meanOf(values);
  const units = sampleUnits(scored);
  const bounds = hierarchicalBootstrap(values, drawsOf(metric, scored, units), options);
  const { fromOne, fromZero } = unseenOver(metric, units);
  const honest = ({ lower, upper }: MeanBounds): MeanBounds => ({
    lower: Math.max(0, Math.min(lower, mean, 1 - fromOne)),
    upper: Math.min(1, Math.max(upper, mean, fromZero)),
  });
  return overSeeds(values, bounds, honest);
}

/**
 * Returns by how much a metric of the first detector differs from that of the second, on the same seeds and samples:
 * both are drawn together, so that what is hard for both does not blur the difference. Where samples show no spread of
 * it though scores differ, the interval reaches as far as the rule of three allows.
 * @throws CupbearerError `bad-data` without seeds, and as `checkScores`.
 */
export function differenceOverSeeds(
  metric: MatrixMetric,
  seeds: readonly PairedSeedScores[],
  options: BootstrapOptions = {},
): FigureOverSeeds {
  if (seeds.length === 0) throw noSeeds();
  const values = seeds.map(({ scores: [a, b], labels }) => {
    const figure = metricFigures[metric];
    return figure.of(rankScores(a, labels)) - figure.of(rankScores(b, labels));
  });
  const mean = meanOf(values);
  const units = sampleUnits(seeds);
  const draws = drawsOf(metric, seeds, units);
  const onOtherSamples: FigureDraws = (stream) => {
    const drawn = draws(stream);
    return Float64Array.from(seeds, (_, s) => drawn[2 * s]! - drawn[2 * s + 1]!);
  };
  const bounds = hierarchicalBootstrap(values, onOtherSamples, options);
  const { fromOne } = unseenOver(metric, units);
  const differ = seeds.some(({ scores: [a, b] }) => a.some((score, i) => score !== b[i]));
  const honest = ({ lower, upper }: MeanBounds): MeanBounds => {
    const unseen = differ && upper - lower < 1e-12 ? fromOne : 0;
    // Rounding may leave equal bounds on either side of the mean.
    return {
      lower: Math.max(-1, Math.min(lower, mean) - unseen),
      upper: Math.min(1, Math.max(upper, mean) + unseen),
    };
  };
  return overSeeds(values, bounds, honest);
}

/** Puts a result together; `honest` widens bounds that claim more than samples can show. */
function overSeeds(
  values: number[],
  bounds: HierarchicalBounds,
  honest: (bounds: MeanBounds) => MeanBounds,
): FigureOverSeeds {
  return {
    values,
    mean: meanOf(values),
    deviation: deviationOf(values),
    ...honest(bounds.both),
    fromSamples: halfWidth(honest(bounds.samples)),
    fromSeeds: bounds.seeds && halfWidth(bounds.seeds),
  };
}

function drawsOf(metric: MatrixMetric, seeds: readonly ScoredSeed[], units: SampleUnits): FigureDraws {
  return metric === 'auroc' || metric === 'average_precision'
    ? smoothDraws(metric, seeds, units)
    : rateDraws(metric, seeds, units);
}

/** What the units of one seed leave unseen, the mean over seeds. */
function unseenOver(metric: MatrixMetric, { own }: SampleUnits): { fromOne: number; fromZero: number } {
  const each = own.map(([clean, anomalous]) => metricFigures[metric].unseen(anomalous, clean));
  return {
    fromOne: meanOf(each.map(({ fromOne }) => fromOne)),
    fromZero: meanOf(each.map(({ fromZero }) => fromZero)),
  };
}

const halfWidth = ({ lower, upper }: MeanBounds) => (upper - lower) / 2;

function noSeeds(): CupbearerError {
  return new CupbearerError('bad-data', 'There are no seeds to put together: expected the scores of at least one.');
}
