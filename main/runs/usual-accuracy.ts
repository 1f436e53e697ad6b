import type { UsualAccuracy } from '../../shared/domain/usual-accuracy.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { trainingData } from '../data/datasets/training-data.ts';
import { readRecord } from '../storage/run-folder.ts';
import { readStoredSpec, type StoredSpec } from './stored-spec.ts';

/**
 * Returns what classifiers like that of a spec usually reach on clean test samples; undefined if nothing was published, or
 * the spec does not take the published data as a whole.
 */
export function usualAccuracy({ kind, sound }: StoredSpec): UsualAccuracy | undefined {
  if (kind !== 'classifier' || !sound.train_data || !sound.model) return undefined;
  const { name, folder, limit } = trainingData(sound.train_data).original;
  if (folder !== undefined || limit !== undefined || !datasetRegistry.has(name)) return undefined;
  return datasetRegistry.get(name).usualAccuracy?.[sound.model.name];
}

/** Returns the same for the run in a folder; undefined, too, if it cannot be read. */
export function usualAccuracyIn(folder: string): UsualAccuracy | undefined {
  try {
    const { kind, spec } = readRecord(folder);
    return usualAccuracy(readStoredSpec(kind, spec));
  } catch (error) {
    if (error instanceof CupbearerError) return undefined;
    throw error;
  }
}
