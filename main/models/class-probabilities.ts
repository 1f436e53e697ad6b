import type { Dataset } from '../data/dataset.ts';
import type { ActivationSource } from './activation-source.ts';
import { activationBatches } from './activations.ts';

/**
 * Returns how likely a model takes one sample of `dataset` to be of each class, `[classes]`: the softmax in float64 of its
 * logits; undefined if it predicts no classes.
 * @throws CupbearerError `non-finite` if a logit is not finite, `cancelled`.
 */
export async function classProbabilities(
  source: ActivationSource,
  dataset: Dataset,
  index: number,
  signal: AbortSignal,
): Promise<Float64Array | undefined> {
  const output = source.classOutput;
  if (output === undefined) return undefined;
  const options = { names: [output], pooling: 'none', batchSize: 1, indices: Int32Array.of(index), signal } as const;
  for await (const { layers } of activationBatches(source, dataset, options)) return softmax(layers.get(output)!);
  return undefined;
}

/** Softmax of logits `[n]` in float64; the largest is taken off first, so that no exponential overflows. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const largest = Array.from(logits).reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
