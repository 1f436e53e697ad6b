import { expect, it } from 'vitest';
import { parameterLabels, specLines } from '../../main/runs/spec-lines.ts';
import { trainClassifier } from '../../main/runs/train-classifier.ts';

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

it('a spec is read line by line, with units and titles, what was picked above its parameters', () => {
  const lines = specLines(trainClassifier, { ...spec, batch_size: 64 });
  const texts = lines.map(({ label, value, depth }) => `${depth} ${label}: ${value}`);
  expect(texts).toEqual([
    '0 Training data: Backdoor',
    '1 Original: MNIST',
    '1 Trigger: Corner pixel',
    '2 Poisoned share: 10\u00a0%',
    '0 Model: Multi-layer perceptron',
    '1 Hidden layers: 8',
    '0 Batch size: 64\u00a0samples',
    '0 Seed: 0',
  ]);
  expect(lines.find(({ label }) => label === 'Poisoned share')!.help).not.toBe('');
});

it('what no definition knows any more is told as the file has it', () => {
  const old = { model: { name: 'gone', width: 3 }, lost: [1], train_data: 'broken' };
  const texts = specLines(trainClassifier, old).map(({ label, value, depth }) => `${depth} ${label}: ${value}`);
  expect(texts).toEqual(['0 Training data: "broken"', '0 Model: gone', '1 width: 3', '0 lost: [1]']);
});
