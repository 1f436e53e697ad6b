import { afterEach, describe, expect, it } from 'vitest';
import { catalogue } from '../../renderer/app/catalogue.svelte.ts';
import { runWordsBy, taskWordsBy, type TitleOf } from '../../shared/run-titles.ts';
import { siblings } from '../../renderer/runs/siblings.svelte.ts';
import type { RunSummary } from '../../shared/domain/live.ts';
import { runSummary } from './run-summary.ts';

const titles: Record<string, string> = {
  backdoor: 'Backdoor detection',
  ood: 'Backdoor against harmless novelty',
  corner: 'Corner pixel',
  noise: 'Gaussian noise',
  wanet: 'WaNet warp',
  mnist: 'MNIST',
  'image-folder': 'Image folder',
};
const titleOf: TitleOf = (_, id) => titles[id] ?? id;
const trigger = (id: string, detail = '') => ({ id, detail });

const run = runSummary({});
const about = (given: Partial<RunSummary['subject']>, rest: Partial<RunSummary> = {}) =>
  taskWordsBy({ ...run, subject: { ...run.subject, ...given }, ...rest }, titleOf).main;

describe('the title of a run', () => {
  it('says the trigger once where training and test have the same', () => {
    expect(about({})).toBe('Backdoor, corner pixel');
  });

  it('says the trigger of the training and that of the test where they differ', () => {
    expect(about({ trained: trigger('wanet'), tested: trigger('noise') })).toBe(
      'Backdoor, WaNet warp, tested with Gaussian noise',
    );
    const [loud, quiet] = [trigger('noise', 'standard deviation 0.3'), trigger('noise', 'standard deviation 0.1')];
    expect(about({ trained: loud, tested: quiet })).toBe(
      'Backdoor, Gaussian noise of standard deviation 0.3, tested with Gaussian noise of standard deviation 0.1',
    );
  });

  it('says that there was no trigger in the training, and nothing of a training that is not known', () => {
    expect(about({ training: 'clean', trained: null })).toBe(
      'Backdoor, trained without a trigger, tested with corner pixel',
    );
    expect(about({ training: 'unknown', trained: null })).toBe('Backdoor, tested with corner pixel');
  });

  it('says what normal samples are changed by, and other words of the task', () => {
    expect(about({ change: 'wanet' }, { task: 'ood' })).toBe(
      'Backdoor against harmless novelty, corner pixel, against WaNet warp',
    );
    const attack = { trained: null, tested: null, words: 'PGD, radius 0.031' };
    expect(about(attack, { task: 'adversarial-examples' })).toBe('adversarial-examples, PGD, radius 0.031');
  });

  it('does not call a training clean of which nobody has said so', () => {
    const nothing = { trained: null, tested: null };
    const classifier = { kind: 'classifier', task: '', detector: '' } as const;
    expect(about({ ...nothing, training: 'clean' }, classifier)).toBe('Clean training');
    expect(about({ ...nothing, training: 'unknown' }, classifier)).toBe('Training unknown');
    expect(about({ ...nothing, training: 'clean' }, { task: '' })).toBe('Task unknown');
  });

  it('calls the data of a user by their name, and a model by the name it was given', () => {
    expect(runWordsBy({ ...run, dataset: 'image-folder', ownDataset: 'lichens' }, titleOf)).toBe(
      'mahalanobis: Backdoor, corner pixel, lichens',
    );
    const model = { ...run, kind: 'classifier', detector: '', model: 'mlp 8' } as const;
    expect(runWordsBy(model, titleOf)).toBe('Classifier mlp 8: Backdoor, corner pixel, MNIST');
    expect(runWordsBy({ ...model, name: 'From the lab' }, titleOf)).toBe(
      'From the lab mlp 8: Backdoor, corner pixel, MNIST',
    );
  });
});

describe('runs of one title', () => {
  afterEach(() => {
    catalogue.runs = new Map();
  });
  const wordsAmong = (...runs: RunSummary[]) => {
    catalogue.runs = new Map(runs.map((each) => [each.id, each]));
    return runs.map((each) => siblings.wordsFor(each));
  };
  const [a, b] = [runSummary({ id: 'run-aaaa' }), runSummary({ id: 'run-bbbb' })];

  it('say nothing more where the title is their own', () => {
    expect(wordsAmong(a, { ...b, detector: 'knn' })).toEqual(['', '']);
    expect(wordsAmong(a, { ...b, detectorDetail: 'linear_1' })).toEqual(['', '']);
  });

  it('say the seed or the parameter in which they differ, and none that they share', () => {
    const shared = { label: 'Most test samples', value: '100' };
    expect(wordsAmong({ ...a, details: [shared] }, { ...b, seed: 1, details: [shared] })).toEqual(['seed 0', 'seed 1']);
    const less = { label: 'Trusted fraction', value: '10 %' };
    expect(wordsAmong(a, { ...b, details: [less] })).toEqual(['', 'trusted fraction 10 %']);
  });

  it('say in what their models differ', () => {
    const model = (id: string, seed: number, text: string) =>
      runSummary({ id, kind: 'classifier', detector: '', seed, model: text });
    const [first, second] = [model('m', 0, 'mlp 8'), model('n', 4, 'cnn 32')];
    expect(wordsAmong({ ...a, parents: ['m'] }, { ...b, parents: ['n'] }, first, second)).toEqual([
      'classifier mlp 8, seed 0',
      'classifier cnn 32, seed 4',
      '',
      '',
    ]);
  });

  it('that differ in nothing are told apart by their ids', () => {
    expect(wordsAmong(a, b)).toEqual(['run aaaa', 'run bbbb']);
  });
});
