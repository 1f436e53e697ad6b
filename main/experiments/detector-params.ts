import { flag, integer, pick } from '../../shared/schema/fields.ts';
import { taskRegistry } from '../tasks/index.ts';

/** What fitting and evaluating a detector have in common. */
export const detectionParams = {
  task: pick(() => taskRegistry, { label: 'Task', help: 'Model, trusted data and test data' }),
  batch_size: integer({
    advanced: true,
    label: 'Batch size',
    help: 'Samples run through the model at once; changes speed and memory, never the result beyond rounding',
    unit: 'samples',
    default: 1000,
    min: 1,
    max: 1_000_000,
  }),
  analysis: flag({
    label: 'Analysis',
    help: 'Also look into the activations: their main directions, variance between classes, and the worst mistakes',
    default: true,
  }),
  seed: integer({
    advanced: true,
    label: 'Seed',
    help: 'Decides the randomness of the detector and of the bootstrap intervals',
    default: 0,
    min: 0,
  }),
};
