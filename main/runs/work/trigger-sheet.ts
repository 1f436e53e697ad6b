import type { Picked } from '../../../shared/schema/fields.ts';
import { withoutAugmentations } from '../../data/transforms/augmentation.ts';
import { changed } from '../../data/transforms/changed.ts';
import type { Dataset, DatasetContext } from '../../data/dataset.ts';
import { disguised } from '../../data/transforms/disguised.ts';
import { disguiseOf, loadTrigger, poisonOptions } from '../../data/triggers/index.ts';
import type { Figure } from '../../figures/figure.ts';
import { range, slices } from '../../models/batches.ts';
import { drawPairs } from './figures.ts';

/**
 * Draws the first `count` samples of `dataset` clean, with the trigger as in poisoned training data, and their
 * difference: signed for images, words added and removed for texts. For a clean-label trigger, the samples are of its
 * target class. @throws CupbearerError `usage` if the trigger does not fit the samples.
 */
export async function drawTriggerSheet(
  dataset: Dataset,
  trigger: Picked,
  count: number,
  context: DatasetContext,
): Promise<Figure> {
  const { seed } = context;
  const { shape, vocabulary } = dataset;
  const plain = withoutAugmentations(dataset);
  const disguise = disguiseOf(trigger);
  const { clean_label: isCleanLabel, target_class: target } = poisonOptions(trigger, seed);
  const indices = isCleanLabel ? firstOfClass(plain, target, count) : range(Math.min(count, dataset.length));
  const created = await loadTrigger(trigger, { shape, vocabulary, seed });
  const base = disguise ? await disguised(plain, indices, disguise, context) : plain;
  return drawPairs(
    {
      shape,
      vocabulary,
      count: indices.length,
      clean: plain.read(indices, 0).inputs,
      anomalous: changed(base, created, seed).read(indices, 0).inputs,
    },
    { name: `trigger-${trigger.name}`, title: `Trigger "${trigger.name}"`, before: 'Clean', after: 'Triggered' },
  );
}

/** Returns the first `count` samples with the label `wanted`; fewer if there are no more. */
function firstOfClass(dataset: Dataset, wanted: number, count: number): Int32Array {
  const found: number[] = [];
  for (const indices of slices(range(dataset.length), 1000)) {
    dataset.read(indices, 0).labels.forEach((label, i) => {
      if (label === wanted && found.length < count) found.push(indices[i]!);
    });
    if (found.length === count) break;
  }
  return Int32Array.from(found);
}
