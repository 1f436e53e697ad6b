import { paramsOf, parseParams, type Picked } from '../../../shared/schema/fields.ts';
import type { Dataset, DatasetContext, DatasetFacts } from '../dataset.ts';
import { datasetRegistry } from './index.ts';

/**
 * Loads the dataset that a spec names; parameters left out take their defaults.
 * @throws CupbearerError `usage` for an unknown name or parameter, `not-found` or `bad-data` for its files.
 */
export async function loadDataset(picked: Picked, context: DatasetContext): Promise<Dataset> {
  return datasetRegistry.get(picked.name).load(paramsOfDataset(picked) as never, context);
}

/**
 * What the samples of the dataset that a spec names are, without reading any.
 * @throws CupbearerError as {@link loadDataset}; `not-found` or `storage` where a folder that it names cannot be read.
 */
export function datasetFacts(picked: Picked): DatasetFacts {
  return datasetRegistry.get(picked.name).facts(paramsOfDataset(picked) as never);
}

function paramsOfDataset({ name, ...params }: Picked): Record<string, unknown> {
  return parseParams(paramsOf(datasetRegistry.get(name)), params, (path) => [name, ...path].join('.'));
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
