import { describe, expect, it } from 'vitest';
import { isDefault } from '../../renderer/components/form/form-model.ts';
import { withValue } from '../../renderer/components/form/form-values.ts';
import { draftOnDataset, isSameDraft, withNames } from '../../renderer/screens/experiment/draft-values.ts';
import type { ExperimentDraft, Preset } from '../../shared/domain/draft.ts';
import type { FormDefinition, FormField } from '../../shared/domain/form.ts';

const words = { help: '', required: false } as const;
const number: FormField = { ...words, key: 'learning_rate', label: 'Learning rate', type: 'number', default: 0.001 };
const picks = (key: string, registry: string, name?: string): FormField => ({
  ...words,
  key,
  label: key,
  type: 'pick',
  registry,
  ...(name === undefined ? {} : { default: name }),
});
const definition = (id: string, fields: FormField[]): FormDefinition => ({ id, title: id, summary: id, fields });
const registries: Record<string, FormDefinition[]> = {
  experiment: [
    definition('train-classifier', [picks('optim', 'optimizer', 'adam'), picks('train_data', 'dataset')]),
    definition('train-detector', [picks('detector', 'detector', 'knn'), picks('task', 'task')]),
  ],
  optimizer: [definition('adam', [number])],
  dataset: [
    {
      ...definition('backdoor', [picks('original', 'dataset', 'mnist')]),
      poisons: { original: 'original', trigger: 'backdoor' },
    },
    definition('mnist', []),
  ],
  task: [definition('backdoor', [picks('data', 'dataset')])],
  detector: [definition('knn', [])],
};
const definitions = (kind: string) => registries[kind] ?? [];
const draft: ExperimentDraft = {
  preset: '',
  classifier: { source: 'train', params: { train_data: 'backdoor' } },
  task: { name: 'backdoor' },
  detectors: [{ name: 'knn' }],
  evaluation: {},
  engine: 'auto',
  tags: [],
};

describe('a draft', () => {
  it('is the same whatever the order of its values, and another one with any value changed, added or in another place', () => {
    expect(isSameDraft(draft, Object.fromEntries(Object.entries(draft).reverse()))).toBe(true);
    expect(isSameDraft(draft, structuredClone(draft))).toBe(true);
    expect(isSameDraft(draft, { ...draft, tags: ['paper'] })).toBe(false);
    expect(isSameDraft(draft, { ...draft, evaluation: { seed: 1 } })).toBe(false);
    expect(isSameDraft({ ...draft, tags: ['a', 'b'] }, { ...draft, tags: ['b', 'a'] })).toBe(false);
    expect(isSameDraft(draft, null)).toBe(false);
  });

  it('has every definition that is picked by default as an object, to any depth', () => {
    expect(withNames(draft, definitions).classifier).toEqual({
      source: 'train',
      params: { optim: { name: 'adam' }, train_data: { name: 'backdoor', original: { name: 'mnist' } } },
    });
  });

  it('leaves out what is optional, and what the definitions do not tell', () => {
    expect(withNames(draft, definitions).task).toEqual({ name: 'backdoor' });
    expect(withNames(draft, () => [])).toEqual(draft);
  });

  it('keeps the definition under a parameter that is set below it', () => {
    const path = ['classifier', 'params', 'optim', 'learning_rate'];
    expect(withValue(withNames(draft, definitions), path, 0.01)).toMatchObject({
      classifier: { params: { optim: { name: 'adam', learning_rate: 0.01 } } },
    });
  });
});

it('a definition with nothing but its name is at its default', () => {
  const field = picks('optim', 'optimizer', 'adam');
  expect([undefined, 'adam', { name: 'adam' }].map((value) => isDefault(field, value))).toEqual([true, true, true]);
  expect([{ name: 'sgd' }, { name: 'adam', learning_rate: 1 }].map((value) => isDefault(field, value))).toEqual([
    false,
    false,
  ]);
  expect([0.001, 0.01].map((value) => isDefault(number, value))).toEqual([true, false]);
});

describe('a draft on a dataset', () => {
  const preset = (id: string, train_data: unknown): Preset => ({
    id,
    title: id,
    summary: '',
    usualMs: null,
    missingData: [],
    draft: { ...draft, preset: id, classifier: { source: 'train', params: { train_data, num_epochs: 3 } } },
  });
  const presets = [
    preset('toy', { name: 'toy-features' }),
    preset('corner', { name: 'backdoor', original: { name: 'mnist' }, backdoor: { name: 'noise' } }),
    preset('blank', { name: 'backdoor', original: { name: 'mnist' }, backdoor: { name: 'corner' } }),
  ];

  it('is the preset that is made for it', () => {
    expect(draftOnDataset(presets, { name: 'toy-features' }, definitions)).toBe(presets[0]!.draft);
    expect(draftOnDataset(presets, { name: 'mnist' }, definitions)).toBe(presets[1]!.draft);
  });

  it('is the blank one with the dataset in it where none is', () => {
    const made = draftOnDataset(presets, { name: 'mnist', path: '/pets' } as { name: string }, definitions);
    const train_data = { name: 'backdoor', original: { name: 'mnist', path: '/pets' }, backdoor: { name: 'corner' } };
    expect(made.classifier).toEqual({ source: 'train', params: { train_data, num_epochs: 3 } });
    expect(made.preset).toBe('');
  });
});
