import { join } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { checkNotCancelled } from '../cancellation.ts';
import type { Dataset, DatasetContext } from '../dataset.ts';
import { fingerprint } from '../fingerprint.ts';
import { imageDataset } from '../image-dataset.ts';
import { parseIdx, parseIdxLabels } from '../readers/idx.ts';
import { idxSides } from './idx-sides.ts';
import { loadedOnce } from './loaded-once.ts';
import { storedPlaces } from '../stored-places.ts';
import { missingData, readStoredFile } from '../readers/stored-file.ts';
import { numbered } from '../../../shared/format.ts';

/**
 * Loads the training or test half of a dataset in MNIST's file layout, gzip or not, from `folder` or the dataset's own
 * folder in the data folder. @throws CupbearerError `not-found` if a file is missing, `bad-data` if one is damaged.
 */
export function loadIdxImages(
  name: string,
  classes: readonly string[],
  { train, folder: given }: { train: boolean; folder?: string | undefined },
  context: DatasetContext,
): Promise<Dataset> {
  const folder = given ?? join(context.dataDir, name);
  const split = train ? 'train' : 't10k';
  // The test half is compared with the training half.
  const names = ['train', 't10k'].flatMap((half) => [`${half}-images-idx3-ubyte`, `${half}-labels-idx1-ubyte`]);
  const files = names.flatMap((file) => storedPlaces(folder, file));
  return loadedOnce(context, [name, folder, split], files, () => readIdxImages(name, classes, folder, split, context));
}

async function readIdxImages(
  name: string,
  classes: readonly string[],
  folder: string,
  split: 'train' | 't10k',
  context: DatasetContext,
): Promise<Dataset> {
  const read = async (file: string) => {
    checkNotCancelled(context.signal, `Loading ${name}`);
    const stored = await readStoredFile(folder, file);
    if (!stored) throw missingData(name, folder, `${file} or ${file}.gz`);
    return stored;
  };
  const imageFile = await read(`${split}-images-idx3-ubyte`);
  const labelFile = await read(`${split}-labels-idx1-ubyte`);
  const labels = await parseIdxLabels(labelFile.bytes, labelFile.path, classes.length);
  checkNotCancelled(context.signal, `Loading ${name}`);
  const images = await parseIdx(imageFile.bytes, imageFile.path, 3);
  const [count, height, width] = images.shape as [number, number, number];
  if (count !== labels.length) {
    throw new CupbearerError(
      'bad-data',
      `Expected as many labels as images, found ${numbered(count, 'image')} in ${imageFile.path} and ${numbered(labels.length, 'label')} in ` +
        `${labelFile.path}.`,
    );
  }
  if (images.data.length === 0) {
    throw new CupbearerError(
      'bad-data',
      `${imageFile.path}: expected at least one image, found ${images.shape.join(' x ')} values.`,
    );
  }
  const trained = split === 'train' ? undefined : idxSides(folder);
  if (trained && (trained[0] !== height || trained[1] !== width)) {
    throw new CupbearerError(
      'bad-data',
      `${imageFile.path}: expected images of ${trained.join(' x ')}, as those of the training half are, found ${height} x ${width}.`,
      { hint: 'Take both halves from one source.' },
    );
  }
  context.progress?.(count, count);
  return imageDataset(
    // Unpacked, the pixels have memory of their own; else they are a part of the file's bytes, which nobody wants any
    // more.
    { shape: [height, width, 1], classes, pixels: images.data, labels, isOwn: true },
    fingerprint(name, split, imageFile.bytes, labelFile.bytes),
  );
}
