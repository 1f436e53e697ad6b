import type { Picked } from '../../shared/schema/fields.ts';
import type { Dataset } from '../data/dataset.ts';
import { changed } from '../data/changed.ts';
import { loadTrigger } from '../data/triggers/index.ts';
import { imageSize } from '../data/triggers/trigger.ts';
import type { Figure } from '../figures/figure.ts';
import { drawImageSheet } from '../figures/image-sheet.ts';

/**
 * A sheet of the first `count` images of `dataset` clean, with the trigger, and their signed difference.
 * @throws CupbearerError `usage` where the samples are no images or the trigger does not fit them.
 */
export async function drawTriggerSheet(
  dataset: Dataset,
  trigger: Picked,
  { seed = 0, count = 8 }: { seed?: number; count?: number } = {},
): Promise<Figure> {
  const { shape } = dataset;
  imageSize(shape, trigger.name);
  const indices = Int32Array.from({ length: Math.min(count, dataset.length) }, (_, i) => i);
  const triggered = changed(dataset, await loadTrigger(trigger, { shape, seed }), seed);
  return drawImageSheet(
    {
      shape,
      count: indices.length,
      before: dataset.read(indices, 0).inputs,
      after: triggered.read(indices, 0).inputs,
    },
    { name: `trigger-${trigger.name}`, title: `Trigger "${trigger.name}"`, before: 'Clean', after: 'Triggered' },
  );
}
