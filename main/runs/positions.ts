import { CupbearerError } from '../../shared/errors.ts';
import { pooledScores, type TokenPooling } from '../../shared/scores/token-pooling.ts';
import type { DetectorDefinition, DetectorParams, FeatureLayer, LayerScores } from '../detectors/detector.ts';
import type { SourceOutline } from '../models/activation-source.ts';
import type { ActivationBatch } from '../models/activations.ts';
import { activationDims, type PoolingOptions } from '../models/pooling.ts';
import { parameter, worded } from '../../shared/wording.ts';
import { given } from '../../shared/given.ts';

/** How the scores of a text's tokens are put together, where every token is scored on its own. */
export function tokenPoolingOf(params: Record<string, unknown>): 'last' | 'mean' | 'max' | undefined {
  if (params['token_position'] !== undefined) return undefined;
  return ({ 'score-last': 'last', 'score-mean': 'mean', 'score-max': 'max' } as const)[String(params['tokens'])];
}

/** Whether every token of a text is scored on its own, and the scores are then put together. */
export function scoresPositions(params: DetectorParams): boolean {
  return tokenPoolingOf(params) !== undefined;
}

/** How a model's activations become vectors for this detector. */
export function poolingOf(params: DetectorParams): PoolingOptions {
  const { pooling, tokens, token_position } = params;
  if (tokens === 'score-last' || tokens === 'score-mean' || tokens === 'score-max')
    return { pooling, tokens: 'each', token_position };
  return { pooling, tokens, token_position };
}

/**
 * Checks that every token can be scored on its own, if that is asked for. @throws CupbearerError `usage` if a layer has no
 * tokens, the layers' differ in number, or the detector looks at more than activations.
 */
export function checkTokens(
  { id, needs }: DetectorDefinition,
  params: DetectorParams,
  source: SourceOutline,
  layers: readonly string[],
): void {
  if (!scoresPositions(params)) return;
  if (needs.layers === 0 || needs.gradients) {
    throw new CupbearerError(
      'usage',
      `The detector "${id}" looks at whole texts, so single tokens cannot be scored by it.`,
      { hint: worded`Leave out ${parameter('detector.tokens')}.` },
    );
  }
  const shapes = layers.map((name) => source.activationShape(name));
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
}

/** Returns the layers as the detector sees them: by name, with the length of the vectors. @throws CupbearerError as {@link activationDims}. */
export function featureLayers(
  params: DetectorParams,
  source: SourceOutline,
  layers: readonly string[],
): FeatureLayer[] {
  return layers.map((name) => ({
    name,
    dims: activationDims(source, name, poolingOf(params)),
    ...given({ isHalf: source.halfActivations?.has(name) === true ? true : undefined }),
  }));
}

/**
 * Returns a batch in which each of a text's tokens is a sample; `counts` `[size]` says how many there are. What belongs to the
 * text is repeated.
 */
export function splitTokens(batch: ActivationBatch, counts: Int32Array): ActivationBatch {
  const total = sumOf(counts);
  const repeat = <T extends Float32Array | Int32Array>(values: T): T => {
    const width = values.length / batch.size;
    const result = new (values.constructor as new (length: number) => T)(total * width);
    let at = 0;
    for (let i = 0; i < batch.size; i++) {
      const own = values.subarray(i * width, (i + 1) * width);
      for (let token = 0; token < counts[i]!; token++) result.set(own, width * at++);
    }
    return result;
  };
  return {
    ...batch,
    size: total,
    labels: repeat(batch.labels),
    indices: repeat(batch.indices),
    ...given({ logits: batch.logits && repeat(batch.logits), inputs: batch.inputs && repeat(batch.inputs) }),
  };
}

/** Combines the scores of tokens `[sum of counts]` into scores of texts `[n]`. */
export function joinTokens(scores: LayerScores, counts: Int32Array, by: TokenPooling): LayerScores {
  return new Map([...scores].map(([layer, values]) => [layer, pooledScores(values, counts, by)]));
}

function sumOf(values: Int32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
