import { CupbearerError } from '../../../shared/errors.ts';
import type { ActivationBatch } from '../../models/activations.ts';

/**
 * The network's outputs for a batch, `[size, classes]`. @throws CupbearerError `internal` if they were not asked for.
 */
export function logitsOf({ logits }: Pick<ActivationBatch, 'logits'>): Float32Array {
  if (logits) return logits;
  throw new CupbearerError('internal', 'A detector that reads logits must say so in its needs.');
}

/** The samples of a batch, `[size, ...shape]`. @throws CupbearerError `internal` if they were not asked for. */
export function inputsOf({ inputs }: Pick<ActivationBatch, 'inputs'>): Float32Array {
  if (inputs) return inputs;
  throw new CupbearerError('internal', 'A detector that reads inputs must say so in its needs.');
}

/** The number of classes of the network, read off its outputs. @throws as {@link logitsOf}. */
export function classCount(batch: Pick<ActivationBatch, 'size' | 'logits'>): number {
  return logitsOf(batch).length / batch.size;
}

/** The class with the largest logit of each sample, the first of equal ones, `[size]`. @throws as {@link logitsOf}. */
export function predictedClasses(batch: Pick<ActivationBatch, 'size' | 'logits'>): Int32Array {
  const logits = logitsOf(batch);
  const classes = classCount(batch);
  return Int32Array.from({ length: batch.size }, (_, row) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (logits[row * classes + k]! > logits[row * classes + best]!) best = k;
    return best;
  });
}
