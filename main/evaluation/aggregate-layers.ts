import { unknownName } from '../../shared/definition.ts';
import type { LayerAggregation } from '../../shared/domain/layer-aggregation.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Scores } from '../../shared/scores/ranked-scores.ts';
import { numbered } from '../../shared/format.ts';

/** Mean and standard deviation of each layer's scores of trusted samples that the detector was not fitted on. */
export type Standardisation = Readonly<Record<string, { mean: number; deviation: number }>>;

interface AggregationOptions {
  /** For `standardised-mean`. */
  standardisation?: Standardisation | undefined;
  /** For `layer`: the one whose scores are taken. */
  layer?: string | undefined;
}

/**
 * One score a sample out of one a layer, `[n]` each. `mean` and `max` do not scale layers first (one with larger scores
 * weighs more), as the peer library does; `standardised-mean` brings each to mean 0 and deviation 1 on trusted data;
 * `logsumexp` is a maximum that lets close layers add up. Float64 where a layer is. @throws CupbearerError `bad-data`
 * where there is no layer, lengths differ or the standardisation lacks a layer; `usage` for an unknown `layer`.
 */
export function aggregateLayers(
  scoresByLayer: Record<string, Scores>,
  how: LayerAggregation,
  options: AggregationOptions = {},
): Scores {
  const layers = Object.entries(scoresByLayer);
  const [firstName, first] = layers[0] ?? [];
  if (firstName === undefined || first === undefined)
    throw new CupbearerError('bad-data', 'There are no layers to aggregate: expected the scores of at least one.');
  for (const [name, scores] of layers) {
    if (scores.length !== first.length)
      throw new CupbearerError(
        'bad-data',
        `Layers must score the same samples: ${firstName} has ${numbered(first.length, 'score')}, ${name} has ${scores.length}.`,
      );
  }
  if (how === 'layer') return scoresOf(scoresByLayer, options.layer).slice();
  const scale =
    how === 'standardised-mean' ? layers.map(([name]) => scaleOf(name, options.standardisation)) : undefined;
  const single = layers.every(([, scores]) => scores instanceof Float32Array);
  const result = single ? new Float32Array(first.length) : new Float64Array(first.length);
  for (let i = 0; i < result.length; i++) {
    const values = layers.map(([, scores], l) =>
      scale ? (scores[i]! - scale[l]!.mean) / scale[l]!.deviation : scores[i]!,
    );
    if (how === 'max') result[i] = Math.max(...values);
    else if (how === 'logsumexp') result[i] = logSumExp(values);
    else result[i] = values.reduce((sum, value) => sum + value, 0) / values.length;
  }
  return result;
}

function scoresOf(scoresByLayer: Record<string, Scores>, layer: string | undefined): Scores {
  const scores = layer === undefined ? undefined : scoresByLayer[layer];
  if (scores) return scores;
  throw new CupbearerError('usage', unknownName('layer', layer ?? '', Object.keys(scoresByLayer)));
}

function scaleOf(name: string, standardisation: Standardisation | undefined): { mean: number; deviation: number } {
  const own = standardisation?.[name];
  if (own) return own;
  throw new CupbearerError('bad-data', `There is no mean and deviation to standardise the scores of ${name} by.`);
}

/** log(sum(exp(values))) without overflow. */
function logSumExp(values: readonly number[]): number {
  const largest = Math.max(...values);
  if (!Number.isFinite(largest)) return largest;
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

/**
 * Mean and deviation (divisor n - 1) of each layer's scores `[n]`, n at least 2. A layer that gives all samples the same
 * score has no scale of its own: its deviation is taken as 1.
 */
export function standardisationOf(scoresByLayer: Readonly<Record<string, Scores>>): Standardisation {
  return Object.fromEntries(
    Object.entries(scoresByLayer).map(([name, scores]) => {
      let mean = 0;
      for (const score of scores) mean += score / scores.length;
      let squares = 0;
      for (const score of scores) squares += (score - mean) ** 2;
      const deviation = Math.sqrt(squares / (scores.length - 1));
      // Rounding makes equal scores differ from their mean.
      return [name, { mean, deviation: deviation > 1e-12 * Math.abs(mean) ? deviation : 1 }];
    }),
  );
}
