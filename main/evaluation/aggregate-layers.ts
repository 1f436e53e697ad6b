import { CupbearerError } from '../../shared/errors.ts';
import type { Scores } from './ranked-scores.ts';

export const layerAggregations = ['mean', 'max'] as const;
export type LayerAggregation = (typeof layerAggregations)[number];

/**
 * One score a sample out of one a layer, `[n]` each: their mean or their maximum, not scaled first (a layer with larger
 * scores weighs more), as the peer library does. Float64 where a layer is. @throws CupbearerError `bad-data` where there
 * is no layer or lengths differ.
 */
export function aggregateLayers(scoresByLayer: Record<string, Scores>, how: LayerAggregation): Scores {
  const layers = Object.entries(scoresByLayer);
  const [firstName, first] = layers[0] ?? [];
  if (firstName === undefined || first === undefined)
    throw new CupbearerError('bad-data', 'There are no layers to aggregate: expected the scores of at least one.');
  for (const [name, scores] of layers) {
    if (scores.length !== first.length)
      throw new CupbearerError(
        'bad-data',
        `Layers must score the same samples: ${firstName} has ${first.length} scores, ${name} has ${scores.length}.`,
      );
  }
  const single = layers.every(([, scores]) => scores instanceof Float32Array);
  const result = single ? new Float32Array(first.length) : new Float64Array(first.length);
  for (let i = 0; i < result.length; i++) {
    const values = layers.map(([, scores]) => scores[i]!);
    result[i] = how === 'max' ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0) / values.length;
  }
  return result;
}
