import { Registry } from '../../shared/definition.ts';
import { evalDetector } from './eval-detector.ts';
import type { ExperimentDefinition } from './experiment.ts';
import { trainClassifier } from './train-classifier.ts';
import { trainDetector } from './train-detector.ts';

/** All kinds of runs; each is a command of the CLI. */
export const experimentRegistry = new Registry<ExperimentDefinition>('command', [
  trainClassifier,
  trainDetector,
  evalDetector,
]);
