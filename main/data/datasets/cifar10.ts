import { join } from 'node:path';
import { z } from 'zod';
import { joinedBytes } from '../../storage/joined-bytes.ts';
import { naturalImageAugmentation } from '../augmentation.ts';
import { checkNotCancelled } from '../cancellation.ts';
import { defineDataset, type Dataset, type DatasetContext } from '../dataset.ts';
import { fingerprint } from '../fingerprint.ts';
import { imageDataset } from '../image-dataset.ts';
import { parseCifar, type CifarBatch } from '../readers/cifar.ts';
import { missingData, readStoredFile, type StoredFile } from '../readers/stored-file.ts';
import { storedFields } from './fields.ts';
import { prepared } from './prepared.ts';

const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const trainFiles = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`);
const testFiles = ['test_batch.bin'];

/** Photographs of ten kinds of things, 32x32 colour: 50,000 to train in five files and 10,000 to test. */
export const cifar10 = defineDataset({
  id: 'cifar10',
  title: 'CIFAR-10',
  summary: 'Photographs of ten kinds of things, 32\u00a0×\u00a032 colour, 50\u202f000 + 10\u202f000',
  source: 'Krizhevsky: Learning multiple layers of features from tiny images, 2009',
  params: z.object(storedFields),
  facts: () => ({ shape: [32, 32, 3], classes }),
  async load(params, context) {
    return prepared(await loadBatches(params, context), params, naturalImageAugmentation, context);
  },
});

/** Loads those of the split's batch files that are there, in order; at least one must be. */
async function loadBatches(
  params: { train: boolean; folder?: string | undefined },
  context: DatasetContext,
): Promise<Dataset> {
  const folder = params.folder ?? join(context.dataDir, 'cifar10');
  const names = params.train ? trainFiles : testFiles;
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
    throw missingData(
      'cifar10',
      folder,
      params.train ? 'at least one of data_batch_1.bin to _5.bin' : 'test_batch.bin',
    );
  }
  return imageDataset(
    {
      shape: [32, 32, 3],
      classes,
      pixels: joinedBytes(batches.map((batch) => batch.pixels)),
      labels: joinedBytes(batches.map((batch) => batch.labels)),
    },
    fingerprint('cifar10', params.train ? 'train' : 'test', ...files.map((file) => file.bytes)),
  );
}
