import { CupbearerError } from '../../shared/errors.ts';
import { isAugmented, withoutAugmentations } from './augmentation.ts';
import type { Dataset, DatasetContext } from './dataset.ts';
import { fingerprint } from './fingerprint.ts';
import type { Disguise } from './triggers/trigger.ts';

/**
 * `dataset` with the samples at `indices` attacked as `disguise` says; augmentations come after, as they would have.
 * @throws CupbearerError `usage` where no model can be run here.
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
  const size = plain.shape.reduce((product, side) => product * side, 1);
  const rows = new Map(Array.from(indices, (index, row) => [index, row]));
  const { eps, stepSize, steps } = disguise;
  const replaced: Dataset = {
    ...plain,
    fingerprint: fingerprint('disguised', plain.fingerprint, { model, eps, stepSize, steps, seed: context.seed }),
    read(wanted, epoch) {
      const batch = plain.read(wanted, epoch);
      for (let i = 0; i < batch.size; i++) {
        const row = rows.get(wanted[i]!);
        if (row !== undefined) batch.inputs.set(inputs.subarray(row * size, (row + 1) * size), i * size);
      }
      return batch;
    },
  };
  return isAugmented(dataset) ? dataset.onto(replaced) : replaced;
}
