import { join } from 'node:path';
import { joinedBytes } from '../../storage/joined-bytes.ts';
import { checkNotCancelled } from '../cancellation.ts';
import type { Dataset, DatasetContext } from '../dataset.ts';
import { fingerprint } from '../fingerprint.ts';
import { imageDataset } from '../image-dataset.ts';
import { parseCifar, type CifarBatch } from '../readers/cifar.ts';
import { storedPlaces } from '../stored-places.ts';
import { loadedOnce } from './loaded-once.ts';
import { missingData, readStoredFile, type StoredFile } from '../readers/stored-file.ts';

const trainFiles = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`);
const testFiles = ['test_batch.bin'];

/**
 * Loads those of the split's batch files that are there, in order.
 * @throws CupbearerError `not-found` if none is there, `bad-data` if one is damaged.
 */
export function loadBatches(
  classes: readonly string[],
  params: { train: boolean; folder?: string | undefined },
  context: DatasetContext,
): Promise<Dataset> {
  const folder = params.folder ?? join(context.dataDir, 'cifar10');
  const names = params.train ? trainFiles : testFiles;
  const files = names.flatMap((name) => storedPlaces(folder, name));
  return loadedOnce(context, ['cifar10', folder, params.train], files, () =>
    readBatches(classes, params.train, folder, names, context),
  );
}

async function readBatches(
  classes: readonly string[],
  train: boolean,
  folder: string,
  names: readonly string[],
  context: DatasetContext,
): Promise<Dataset> {
  const files: StoredFile[] = [];
  const batches: CifarBatch[] = [];
  for (const [done, name] of names.entries()) {
    checkNotCancelled(context.signal, 'Loading cifar10');
    const file = await readStoredFile(folder, name);
    if (file) {
      files.push(file);
      batches.push(await parseCifar(file.bytes, file.path));
    }
    context.progress?.(done + 1, names.length);
  }
  if (batches.length === 0) {
    throw missingData('cifar10', folder, train ? 'at least one of data_batch_1.bin to _5.bin' : 'test_batch.bin');
  }
  return imageDataset(
    {
      shape: [32, 32, 3],
      classes,
      pixels: joinedBytes(batches.map((batch) => batch.pixels)),
      labels: joinedBytes(batches.map((batch) => batch.labels)),
    },
    fingerprint('cifar10', train ? 'train' : 'test', ...files.map((file) => file.bytes)),
  );
}
