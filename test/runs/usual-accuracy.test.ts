import { expect, it } from 'vitest';
import { readStoredSpec } from '../../main/runs/stored-spec.ts';
import { usualAccuracy } from '../../main/runs/usual-accuracy.ts';
import { architectureRegistry } from '../../main/models/architectures/index.ts';
import { datasetRegistry } from '../../main/data/datasets/index.ts';

const usual = (train_data: object, model: string) =>
  usualAccuracy(readStoredSpec('classifier', { train_data, model: { name: model } }));

it('is that of the architecture on the published data, with or without a trigger', () => {
  expect(usual({ name: 'mnist' }, 'mlp')?.accuracy).toBe(0.984);
  const poisoned = { name: 'backdoor', original: { name: 'mnist' }, backdoor: { name: 'corner' } };
  expect(usual(poisoned, 'cnn')).toEqual({ accuracy: 0.9905, source: expect.stringContaining('LeNet-5') as string });
});

it('is not known of part of the data, data of one\u2019s own, or a pairing that nobody has published', () => {
  expect(usual({ name: 'mnist', limit: 100 }, 'mlp')).toBeUndefined();
  expect(usual({ name: 'mnist', folder: '/data/other' }, 'mlp')).toBeUndefined();
  expect(usual({ name: 'glyphs' }, 'mlp')).toBeUndefined();
  expect(usual({ name: 'cifar10' }, 'mlp')).toBeUndefined();
});

it('names architectures that there are', () => {
  for (const { usualAccuracy: known = {} } of datasetRegistry.definitions)
    for (const [id, { accuracy }] of Object.entries(known)) {
      expect(architectureRegistry.has(id)).toBe(true);
      expect(accuracy).toBeGreaterThan(0.5);
      expect(accuracy).toBeLessThan(1);
    }
});
