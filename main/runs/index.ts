import { Registry } from '../../shared/definition.ts';
import { evalDetector } from './eval-detector.ts';
import type { RunKind } from '../../shared/domain/run.ts';
import type { RunDefinition } from './run-definition.ts';
import { trainClassifier } from './train-classifier.ts';
import { trainDetector } from './train-detector.ts';

/** All kinds of runs; each is a command of the CLI. */
export const runRegistry = new Registry<RunDefinition>('command', [trainClassifier, trainDetector, evalDetector]);

const byKind: Record<RunKind, RunDefinition> = {
  classifier: trainClassifier,
  detector: trainDetector,
  evaluation: evalDetector,
};

/** The experiment that runs of a kind are made by. */
export function runDefinitionOf(kind: RunKind): RunDefinition {
  return byKind[kind];
}
