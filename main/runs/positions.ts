import { CupbearerError } from '../../shared/errors.ts';
import type { DetectorDefinition, DetectorParams, FeatureLayer, LayerScores } from '../detectors/detector.ts';
import { activationDims, type ActivationBatch, type PoolingOptions } from '../models/activations.ts';
import type { NetworkOutline } from '../models/network-outline.ts';
import { parameter, worded } from '../../shared/wording.ts';
import { given } from '../../shared/given.ts';

/** Whether every token of a text is scored on its own, and the scores are then put together. */
export function scoresPositions({ tokens, token_position: position }: DetectorParams): boolean {
  return position === undefined && (tokens === 'score-mean' || tokens === 'score-max');
}

/** How the network's activations become vectors for this detector: whole texts if each token is scored. */
export function poolingOf(params: DetectorParams): PoolingOptions {
  const { pooling, tokens, token_position } = params;
  return { pooling, tokens: tokens === 'score-mean' || tokens === 'score-max' ? 'none' : tokens, token_position };
}

/**
 * Returns how many tokens each text has at the given layers; every one is scored.
 * @throws CupbearerError `usage` if a layer has no tokens, the layers' differ in number, or the detector looks at more
 *   than activations.
 */
function checkPositions({ id, needs }: DetectorDefinition, network: NetworkOutline, layers: readonly string[]): number {
  if (needs.layers === 0 || needs.gradients) {
    throw new CupbearerError(
      'usage',
      `The detector "${id}" looks at whole texts, so single tokens cannot be scored by it.`,
      { hint: worded`Leave out ${parameter('detector.tokens')}.` },
    );
  }
  const shapes = layers.map((name) => network.activationShape(name));
  const lengths = [...new Set(shapes.map(([length]) => length!))];
  const without = layers.find((_, i) => shapes[i]!.length !== 2);
  if (without !== undefined) {
    throw new CupbearerError(
      'usage',
      `Single tokens can be scored only at layers that have tokens; ${without} has none.`,
      {
        hint: worded`Name other layers in ${parameter('detector.layers')}, or combine tokens before scoring: set ${parameter('detector.tokens')} to last, mean or max.`,
      },
    );
  }
  if (lengths.length > 1) {
    throw new CupbearerError(
      'usage',
      `Single tokens can be scored only at layers with equally many; these have ${lengths.join(', ')}.`,
    );
  }
  return lengths[0]!;
}

/**
 * Returns how many samples a text counts as for the detector: its tokens if each is scored, otherwise one. @throws
 * CupbearerError as {@link checkPositions}.
 */
export function samplesPerText(
  definition: DetectorDefinition,
  params: DetectorParams,
  network: NetworkOutline,
  layers: readonly string[],
): number {
  return scoresPositions(params) ? checkPositions(definition, network, layers) : 1;
}

/**
 * Returns the layers as the detector sees them: by name, with the length of a sample's vector. @throws CupbearerError
 * as {@link samplesPerText}.
 */
export function featureLayers(
  definition: DetectorDefinition,
  params: DetectorParams,
  network: NetworkOutline,
  layers: readonly string[],
): FeatureLayer[] {
  const samples = samplesPerText(definition, params, network, layers);
  return layers.map((name) => ({ name, dims: activationDims(network, name, poolingOf(params)) / samples }));
}

/**
 * Returns a batch in which each of the `positions` tokens of a text is a sample. What belongs to the text is repeated.
 */
export function splitPositions(batch: ActivationBatch, positions: number): ActivationBatch {
  const repeat = <T extends Float32Array | Int32Array>(values: T): T => {
    const width = values.length / batch.size;
    const result = new (values.constructor as new (length: number) => T)(values.length * positions);
    for (let i = 0; i < batch.size * positions; i++) {
      const from = Math.floor(i / positions) * width;
      result.set(values.subarray(from, from + width), i * width);
    }
    return result;
  };
  return {
    ...batch,
    size: batch.size * positions,
    labels: repeat(batch.labels),
    indices: repeat(batch.indices),
    ...given({ logits: batch.logits && repeat(batch.logits), inputs: batch.inputs && repeat(batch.inputs) }),
  };
}

/** Combines the scores of tokens `[n * positions]` into scores of texts `[n]`: their mean, or the largest. */
export function joinPositions(scores: LayerScores, positions: number, by: 'mean' | 'max'): LayerScores {
  return new Map(
    [...scores].map(([layer, values]) => [
      layer,
      Float64Array.from({ length: values.length / positions }, (_, i) => {
        const own = values.subarray(i * positions, (i + 1) * positions);
        return by === 'max' ? Math.max(...own) : own.reduce((sum, value) => sum + value, 0) / positions;
      }),
    ]),
  );
}
