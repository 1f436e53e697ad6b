import type { Dataset, DatasetContext } from '../dataset.ts';

/**
 * Resolves with the dataset that `load` returns. If the process keeps data for its next run, it is loaded only once for
 * `key`, as long as `files` stay as they are; those that are not there count, too.
 */
export function loadedOnce(
  { keeper }: DatasetContext,
  key: readonly unknown[],
  files: readonly string[],
  load: () => Promise<Dataset>,
): Promise<Dataset> {
  return keeper ? keeper.get(key, files, load) : load();
}
