import type { TensorMap } from '../../../shared/domain/tensors.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { readTensorFile, writeTensorFile } from '../../storage/tensor-file.ts';
import { pathOf, within, type Within } from '../../storage/within-folder.ts';

/** The state of training after its last completed epoch. */
interface Checkpoint {
  epochs: number;
  weights: TensorMap;
  optimizer: TensorMap;
}

/** Returns where a training stores its checkpoint. */
export function checkpointFile(folder: string): Within {
  return within(folder, 'checkpoint.safetensors');
}

/** Writes all of it as one file, atomically. */
export function writeCheckpoint(folder: string, { epochs, weights, optimizer }: Checkpoint): void {
  const tensors: TensorMap = {};
  for (const [name, tensor] of Object.entries(weights)) tensors[`weights/${name}`] = tensor;
  for (const [name, tensor] of Object.entries(optimizer)) tensors[`optimizer/${name}`] = tensor;
  writeTensorFile(checkpointFile(folder), tensors, { epochs: String(epochs) });
}

/** @throws CupbearerError `bad-data` if the file is damaged. */
export function readCheckpoint(folder: string): Checkpoint {
  const place = checkpointFile(folder);
  const { tensors, metadata } = readTensorFile(place);
  const epochs = Number(metadata['epochs']);
  if (!Number.isInteger(epochs))
    throw new CupbearerError('bad-data', `${pathOf(place)} does not say how many epochs it has seen.`);
  const under = (prefix: string): TensorMap =>
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  return { epochs, weights: under('weights/'), optimizer: under('optimizer/') };
}
