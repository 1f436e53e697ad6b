import type { Picked } from '../../../shared/schema/fields.ts';
import { partsOfTraining, type PoisonKeys, type TrainingData } from '../../../shared/training-data.ts';
import { datasetRegistry } from './index.ts';

/** What training data are made of. */
export function trainingData(data: Picked): TrainingData {
  return partsOfTraining(data, poisonKeys(data));
}

/**
 * The parameters by which a dataset names the data and the trigger that it is made of; undefined if it poisons none.
 */
export function poisonKeys({ name }: Picked): PoisonKeys | undefined {
  return datasetRegistry.has(name) ? datasetRegistry.get(name).poisons : undefined;
}
