import { checkTraining, describeTraining, trainClassifierParams } from './classifier-spec.ts';
import type { RunDefinition } from './run-definition.ts';

export const trainClassifier: RunDefinition<'classifier'> = {
  id: 'train-classifier',
  kind: 'classifier',
  title: 'Train a classifier',
  summary: 'Train a classifier, usually on poisoned data',
  source: 'ejnnr/cupbearer, scripts.train_classifier',
  params: trainClassifierParams,
  describe: describeTraining,
  parents: () => [],
  check: checkTraining,
  run: async (spec, context) => (await import('./work/train-classifier.ts')).runTraining(spec, context),
};
