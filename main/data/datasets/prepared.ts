import { augmented, type AugmentationSpec } from '../transforms/augmentation.ts';
import type { Dataset, DatasetContext } from '../dataset.ts';
import { withAbsentClasses } from '../class-counts.ts';
import { limited } from '../transforms/subset.ts';

/** Applies the parameters that all datasets share: `limit`, then, for the training half, the augmentations. */
export function prepared(
  dataset: Dataset,
  params: { train: boolean; default_augmentations: boolean; limit?: number | undefined },
  augmentation: AugmentationSpec,
  context: DatasetContext,
): Dataset {
  const samples = limited(withAbsentClasses(dataset, params.train), params.limit, context.seed);
  return params.train && params.default_augmentations ? augmented(samples, augmentation, context.seed) : samples;
}
