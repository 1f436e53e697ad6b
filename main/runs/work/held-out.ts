import { CupbearerError } from '../../../shared/errors.ts';
import type { DataPart, Task } from '../../tasks/task.ts';
import { RandomStream } from '../../tensor/random.ts';
import { parameter, worded } from '../../../shared/wording.ts';

/** Share of the trusted samples that is kept from fitting, and how many at most: enough for a mean and a deviation. */
const heldOutShare = 0.1;
export const mostHeldOut = 2000;

/**
 * Returns trusted samples that a detector is not fitted on, to calibrate thresholds on, and those that it is. Unless
 * `count` asks for so many, they are what the task leaves over, so that nothing is taken from the fitting; undefined where it
 * leaves nothing. Which samples are taken depends on the seed alone. @throws CupbearerError `usage` where `count` leaves none
 * to fit on.
 */
export function calibrationPart(
  { trusted, spare }: Pick<Task, 'trusted' | 'spare'>,
  count: number | undefined,
  seed: number,
): { fitting: DataPart; heldOut: DataPart | undefined } {
  if (count === 0) return { fitting: trusted, heldOut: undefined };
  const left = spare?.indices.length ?? 0;
  if (count === undefined || count <= left)
    return { fitting: trusted, heldOut: spare && { ...spare, indices: spare.indices.slice(0, count) } };
  const { dataset, indices } = trusted;
  const missing = count - left;
  if (missing >= indices.length)
    throw new CupbearerError(
      'usage',
      `There are ${indices.length + left} trusted samples: expected at most ${indices.length + left - 1} to be held out, got ${count}.`,
      { hint: worded`Lower ${parameter('held_out')}, or give more trusted data.` },
    );
  const order = RandomStream.from(seed, 'calibration').permutation(indices.length);
  const taken = (positions: Int32Array) => positions.sort().map((at) => indices[at]!);
  const heldOut = taken(order.slice(0, missing));
  return {
    fitting: { dataset, indices: taken(order.slice(missing)) },
    // Both are samples of the same dataset.
    heldOut: { dataset, indices: Int32Array.from([...(spare?.indices ?? []), ...heldOut]).sort() },
  };
}

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
