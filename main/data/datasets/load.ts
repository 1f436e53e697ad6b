import { paramsOf, parseParams, type Picked } from '../../../shared/schema/fields.ts';
import { partsOfTraining } from '../../../shared/training-data.ts';
import type { Dataset, DatasetContext, DatasetFacts } from '../dataset.ts';
import { datasetSources } from '../sources.ts';
import { datasetRegistry } from './index.ts';

/**
 * Loads the dataset that a spec names; parameters left out take their defaults.
 * @throws CupbearerError `usage` for an unknown name or parameter, `not-found` or `bad-data` for its files.
 */
export async function loadDataset(picked: Picked, context: DatasetContext): Promise<Dataset> {
  const definition = datasetRegistry.get(picked.name);
  const params = paramsOfDataset(picked);
  const { cache, dataDir, seed, triggerState } = context;
  // One of those waiting for it may give up while the others still need it.
  const { signal: _, progress: __, ...lasting } = context;
  const dataset =
    !cache || triggerState
      ? await definition.load(params as never, context)
      : await cache.get({ name: picked.name, params, dataDir, seed }, () => definition.load(params as never, lasting));
  for (const note of dataset.notes ?? []) context.warn?.(note);
  return dataset;
}

/**
 * What the samples of the dataset that a spec names are, without reading any; of data in `dataDir`, their files'
 * headers say it.
 * @throws CupbearerError as {@link loadDataset}; `not-found` or `storage` if a folder that it names cannot be read.
 */
export function datasetFacts(picked: Picked, dataDir: string): DatasetFacts {
  const definition = datasetRegistry.get(picked.name);
  const params = paramsOfDataset(picked);
  // Poisoned data are as many as, and look like, the data that are poisoned.
  const { original, trigger } = partsOfTraining({ ...params, name: picked.name }, definition.poisons);
  if (trigger) return datasetFacts(original, dataDir);
  const found = definition.facts(params as never, dataDir);
  const counts = found.counts ?? definition.builtIn ?? datasetSources.find(({ id }) => id === picked.name)?.samples;
  if (!counts) return found;
  const { limit = Infinity } = params as { limit?: number };
  return { ...found, counts: { train: Math.min(limit, counts.train), test: Math.min(limit, counts.test) } };
}

function paramsOfDataset({ name, ...params }: Picked): Record<string, unknown> {
  return parseParams(paramsOf(datasetRegistry.get(name)), params, (path) => [name, ...path].join('.'));
}

/**
 * Like {@link loadDataset}, with the given half and augmentations if the dataset has such parameters.
 */
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
