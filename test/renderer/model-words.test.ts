import { expect, it } from 'vitest';
import { aboutOf, nameOf } from '../../renderer/screens/models/model-words.ts';
import { runSummary } from './run-summary.ts';

const run = (more: object) => runSummary({ kind: 'classifier', model: 'mlp 256-256', ...more });

it('a model is called by its run, and by what there is where that has no name', () => {
  expect(nameOf(run({ title: 'the good one' }))).toBe('the good one');
  expect(nameOf(run({ title: '' }))).toBe('mlp 256-256');
  expect(nameOf(run({ id: '20261101-a', title: '', model: '' }))).toBe('20261101-a');
});

it('models of one architecture are told apart by seed and training data', () => {
  const words = { main: 'Backdoor, corner pixel', dataset: 'Glyphs' };
  expect(aboutOf({ imported: false }, run({ seed: 3 }), words)).toBe(
    'mlp 256-256, seed 3, Backdoor, corner pixel, Glyphs',
  );
  expect(aboutOf({ imported: true }, run({}), { main: '', dataset: '' })).toBe('mlp 256-256');
});
