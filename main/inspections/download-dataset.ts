import { datasetInfo } from '../data/dataset-info.ts';
import { downloadDataset, type DownloadResult } from '../data/download/download-dataset.ts';
import type { InspectionContext } from './inspection.ts';

/** Downloads in progress or being stopped, by folder and name: two must not write to the same files. */
const going = new Map<string, Promise<unknown>>();

/**
 * Downloads and checks a dataset; its files are the phases. Resolves with the dataset and its size on disk.
 * @throws CupbearerError as `downloadDataset`.
 */
export async function downloadNamed(
  { name }: { name: string },
  { dataDir, signal, progress }: InspectionContext,
): Promise<DownloadResult & { bytes: number }> {
  const key = JSON.stringify([dataDir, name]);
  await going.get(key);
  const downloading = downloadDataset(name, dataDir, {
    signal,
    progress: (done, total, file) => progress?.(file, done, total),
  });
  const settled = downloading.then(
    () => undefined,
    () => undefined,
  );
  going.set(key, settled);
  void settled.then(() => going.get(key) === settled && going.delete(key));
  return { ...(await downloading), bytes: datasetInfo(name, dataDir).bytes };
}
