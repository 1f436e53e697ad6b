import { expect, it } from 'vitest';
import { trainingData } from '../../main/data/datasets/training-data.ts';
import { taskRegistry } from '../../main/tasks/index.ts';
import { proposedTask } from '../../shared/training-data.ts';

const poisoned = { name: 'backdoor', original: { name: 'mnist' }, backdoor: { name: 'corner' } };

it('takes data with a trigger apart, and no others', () => {
  expect(trainingData(poisoned)).toEqual({ original: { name: 'mnist' }, trigger: { name: 'corner' } });
  for (const data of [{ name: 'mnist' }, { ...poisoned, name: 'mnist' }, { name: 'backdoor' }, { name: 'nothing' }])
    expect(trainingData(data)).toEqual({ original: data });
});

it.each([
  [poisoned, 'backdoor'],
  [{ name: 'mnist' }, 'adversarial-examples'],
  [{ name: 'toy-features' }, 'toy-features'],
  [{ name: 'arithmetic' }, 'quirky-arithmetic'],
  [{ ...poisoned, original: { name: 'arithmetic' } }, 'backdoor'],
])('proposes a task for a classifier trained on %j: %s', (data, id) => {
  expect(proposedTask(taskRegistry.definitions, trainingData(data)).id).toBe(id);
});

it('proposes a task that is added for a dataset of its own', () => {
  const added = { id: 'new', trainedOn: { dataset: 'moons' } };
  expect(proposedTask([...taskRegistry.definitions, added], { original: { name: 'moons' } }).id).toBe('new');
});
