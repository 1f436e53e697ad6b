import type { WizardStep } from './draft.ts';

/** Parts of a draft that are set in another step than the part that holds them. */
const exceptions: readonly (readonly [path: readonly string[], step: WizardStep])[] = [
  [['classifier', 'params', 'train_data'], 'task'],
  [['task', 'clean_test_weight'], 'evaluation'],
  [['task', 'max_test_size'], 'evaluation'],
];

const steps: Record<string, WizardStep> = {
  classifier: 'model',
  task: 'task',
  detectors: 'detectors',
  fitted: 'detectors',
  layers: 'detectors',
  seeds: 'detectors',
  otherTasks: 'task',
  otherClassifiers: 'model',
  evaluation: 'evaluation',
  engine: 'review',
  tags: 'review',
};

/** The step of the wizard in which the part of a draft that a path of keys leads to is set. */
export function stepOf(path: readonly string[]): WizardStep {
  const exception = exceptions.find(([prefix]) => prefix.every((key, i) => path[i] === key));
  return exception?.[1] ?? steps[path[0] ?? ''] ?? 'review';
}
