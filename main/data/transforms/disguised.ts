import { CupbearerError } from '../../../shared/errors.ts';
import { isAugmented, withoutAugmentations } from './augmentation.ts';
import type { Dataset, DatasetContext } from '../dataset.ts';
import { fingerprint } from '../fingerprint.ts';
import { replaced } from './replaced.ts';
import type { Disguise } from '../triggers/trigger.ts';

/**
 * `dataset` with the samples at `indices` attacked as `disguise` says; augmentations come after, as they would have.
 * @throws CupbearerError `usage` if no model can be run here.
 */
export async function disguised(
  dataset: Dataset,
  indices: Int32Array,
  disguise: Disguise,
  context: DatasetContext,
): Promise<Dataset> {
  if (!context.attack) {
    throw new CupbearerError('usage', 'Samples can be attacked only where a model can be run, which is not so here.');
  }
  const plain = withoutAugmentations(dataset);
  const { inputs, model } = await context.attack({ ...disguise, dataset: plain, indices, seed: context.seed });
  const { eps, stepSize, steps } = disguise;
  const attacked = replaced(
    plain,
    { indices, inputs, others: 'kept' },
    // Not determined by the rest to the last bit: engines differ.
    fingerprint('disguised', plain.fingerprint, { model, eps, stepSize, steps, seed: context.seed }, inputs),
  );
  return isAugmented(dataset) ? dataset.onto(attacked) : attacked;
}
