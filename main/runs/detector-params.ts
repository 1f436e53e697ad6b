import { z } from 'zod';
import { defaultPick, flag, integer, optionalInteger, pick } from '../../shared/schema/fields.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { taskRegistry } from '../tasks/index.ts';
import { fittedDetectorRegistry } from './fitted-detector.ts';

/** What fitting and evaluating a detector have in common. */
const detectionParams = {
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
    help: 'Also analyse the activations: their main directions, the variance between classes, and the worst mistakes',
    default: true,
  }),
  seed: integer({
    advanced: true,
    label: 'Seed',
    help: 'Decides the randomness of the detector and the order of the test samples',
    default: 0,
    min: 0,
  }),
};

/** What can be asked of the fitting of a detector. */
export const trainDetectorParams = z.object({
  detector: defaultPick(() => detectorRegistry, { label: 'Detector', help: 'The method', default: 'mahalanobis' }),
  ...detectionParams,
  held_out: optionalInteger({
    advanced: true,
    label: 'Held-out trusted samples',
    empty: 'What is left over',
    help: 'Trusted samples that the detector is not fitted on, to calibrate thresholds for a wanted false-positive rate: 99 for 1 %, 19 for 5 %; unless given, up to 500 that “Training samples, at most” leaves over',
    unit: 'samples',
    min: 0,
    max: 100_000,
  }),
});
export type TrainDetectorSpec = z.output<typeof trainDetectorParams>;

/** What can be asked of an evaluation. */
export const evalDetectorParams = z.object({
  detector: defaultPick(() => fittedDetectorRegistry, {
    label: 'Detector',
    help: 'The fitted detector',
    default: 'from_run',
  }),
  ...detectionParams,
});
export type EvalDetectorSpec = z.output<typeof evalDetectorParams>;
