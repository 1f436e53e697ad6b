import { CupbearerError } from '../../shared/errors.ts';

/** The share of predicted classes `[n]` that equal the true ones `[n]`. @throws CupbearerError `bad-data` where there are none or lengths differ. */
export function accuracy(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  if (predicted.length !== labels.length || labels.length === 0)
    throw new CupbearerError(
      'bad-data',
      `Expected one prediction a label and at least one, found ${predicted.length} predictions and ${labels.length} labels.`,
    );
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (predicted[i] === labels[i]) right++;
  return right / labels.length;
}
