import { paramsOf, parseParams, type Picked } from '../../../shared/schema/fields.ts';
import type { Dataset, DatasetContext, DatasetOutline } from '../dataset.ts';
import { datasetRegistry } from './index.ts';

/**
 * Loads the dataset that a spec names; parameters left out take their defaults.
 * @throws CupbearerError `usage` for an unknown name or parameter, `not-found` or `bad-data` for its files.
 */
export async function loadDataset({ name, ...params }: Picked, context: DatasetContext): Promise<Dataset> {
  const definition = datasetRegistry.get(name);
  const parsed = parseParams(paramsOf(definition), params, (path) => [name, ...path].join('.'));
  return definition.load(parsed as never, context);
}

/** As {@link loadDataset}, but the half and the augmentations that are asked for, where the dataset has such parameters. */
export async function loadSplit(
  spec: Picked,
  split: { train: boolean; augment: boolean },
  context: DatasetContext,
): Promise<Dataset> {
  const { shape } = datasetRegistry.get(spec.name).params;
  return loadDataset(
    {
      ...spec,
      ...('train' in shape ? { train: split.train } : {}),
      ...('default_augmentations' in shape ? { default_augmentations: split.augment } : {}),
    },
    context,
  );
}

/** What the samples of a dataset are like, where that is known without reading a file. @throws CupbearerError `usage`. */
export function datasetOutline({ name, ...params }: Picked): DatasetOutline | undefined {
  const definition = datasetRegistry.get(name);
  const parsed = parseParams(paramsOf(definition), params, (path) => [name, ...path].join('.'));
  return definition.outline?.(parsed as never);
}
