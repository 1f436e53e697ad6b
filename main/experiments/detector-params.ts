import { integer, pick } from '../../shared/schema/fields.ts';
import { taskRegistry } from '../tasks/index.ts';

/** What fitting and evaluating a detector have in common. */
export const detectionParams = {
  task: pick(() => taskRegistry, { label: 'Task', help: 'Model, trusted data and test data' }),
  batch_size: integer({
    label: 'Batch size',
    help: 'Samples run through the model at once; changes speed and memory, never the result beyond rounding',
    unit: 'samples',
    default: 1000,
    min: 1,
    max: 1_000_000,
  }),
  seed: integer({
    label: 'Seed',
    help: 'Decides the randomness of the detector and of the bootstrap intervals',
    default: 0,
    min: 0,
  }),
};
