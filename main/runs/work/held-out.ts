import { CupbearerError } from '../../../shared/errors.ts';
import type { DataPart } from '../../tasks/task.ts';
import { RandomStream } from '../../tensor/random.ts';
import { parameter, worded } from '../../../shared/wording.ts';

/** Share of the trusted samples that is kept from fitting, and how many at most: enough for a mean and a deviation. */
const heldOutShare = 0.1;
export const mostHeldOut = 2000;

/**
 * Splits trusted data into those that a detector is fitted on and those that its scores are standardised on. Which
 * samples are held out depends on the seed alone. @throws CupbearerError `usage` if fewer than two would be held out.
 */
export function holdOut(trusted: DataPart, seed: number): { fitting: DataPart; heldOut: DataPart } {
  const { dataset, indices } = trusted;
  const count = Math.min(mostHeldOut, Math.round(heldOutShare * indices.length));
  if (count < 2) {
    throw new CupbearerError(
      'usage',
      `Standardising holds out ${heldOutShare * 100} % of the trusted samples, at least two: expected 15 or more trusted samples, found ${indices.length}.`,
      {
        hint: worded`Combine layers another way (${parameter('detector.layer_aggregation')}), or give more trusted data.`,
      },
    );
  }
  const order = RandomStream.from(seed, 'held-out').permutation(indices.length);
  const part = (positions: Int32Array) => ({ dataset, indices: positions.sort().map((at) => indices[at]!) });
  return { fitting: part(order.slice(count)), heldOut: part(order.slice(0, count)) };
}
