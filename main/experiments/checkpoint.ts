import { join } from 'node:path';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { readTensorFile, writeTensorFile } from '../storage/tensor-file.ts';

/** Where training stood after its last completed epoch. */
export interface Checkpoint {
  epochs: number;
  weights: TensorMap;
  optimizer: TensorMap;
}

export function checkpointFile(folder: string): string {
  return join(folder, 'checkpoint.safetensors');
}

/** Writes all of it as one file, atomically. */
export function writeCheckpoint(folder: string, { epochs, weights, optimizer }: Checkpoint): void {
  const tensors: TensorMap = {};
  for (const [name, tensor] of Object.entries(weights)) tensors[`weights/${name}`] = tensor;
  for (const [name, tensor] of Object.entries(optimizer)) tensors[`optimizer/${name}`] = tensor;
  writeTensorFile(checkpointFile(folder), tensors, { epochs: String(epochs) });
}

/** @throws CupbearerError `bad-data` where the file is damaged. */
export function readCheckpoint(folder: string): Checkpoint {
  const file = checkpointFile(folder);
  const { tensors, metadata } = readTensorFile(file);
  const epochs = Number(metadata['epochs']);
  if (!Number.isInteger(epochs))
    throw new CupbearerError('bad-data', `${file} does not say how many epochs it has seen.`);
  const under = (prefix: string): TensorMap =>
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  return { epochs, weights: under('weights/'), optimizer: under('optimizer/') };
}
