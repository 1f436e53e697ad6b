import { expect, it } from 'vitest';
import { parameterLabels } from '../../main/api/parameter-labels.ts';
import { trainClassifier } from '../../main/experiments/train-classifier.ts';

const spec = {
  train_data: { name: 'backdoor', original: { name: 'mnist' }, backdoor: { name: 'corner', p_backdoor: 0.1 } },
  model: { name: 'mlp', hidden_dims: [8] },
  seed: 0,
};
const labels = (key: string) => parameterLabels(trainClassifier, spec, key.split('.'));

it('a parameter is named by the labels of the schema, from the outside in', () => {
  expect(labels('seed')).toEqual(['Seed']);
  expect(labels('train_data.name')).toEqual(['Training data']);
  expect(labels('train_data.backdoor.name')).toEqual(['Training data', 'Trigger']);
  expect(labels('train_data.backdoor.p_backdoor')).toEqual(['Training data', 'Trigger', 'Poisoned share']);
});

it('what the definitions do not know has no label', () => {
  expect(labels('model.no_such')).toBeUndefined();
  expect(labels('train_data.backdoor.name.deeper')).toBeUndefined();
  expect(parameterLabels(trainClassifier, { model: { name: 'gone' } }, ['model', 'width'])).toBeUndefined();
});
