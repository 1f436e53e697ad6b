import { describe, expect, it } from 'vitest';
import { runWords } from '../../main/api/runs/run-words.ts';
import { readStoredSpec } from '../../main/runs/stored-spec.ts';
import type { RunKind } from '../../shared/domain/run.ts';

/** What a stored spec says, after it was checked to be valid. */
function stored<Kind extends RunKind>(kind: Kind, spec: Record<string, unknown>) {
  const read = readStoredSpec(kind, spec);
  expect(read.fault).toBeNull();
  return read;
}

const poisoned = (backdoor: Record<string, unknown>) =>
  stored('classifier', { train_data: { name: 'backdoor', original: 'glyphs', backdoor } });
const detector = (task: Record<string, unknown>) =>
  stored('detector', { detector: 'knn', task: { name: 'backdoor', run_path: '/runs/classifier', ...task } });

describe('the subject of a run', () => {
  it('has the trigger of the training and that of the test', () => {
    const words = runWords(detector({ backdoor: { name: 'noise' } }), poisoned({ name: 'wanet' }), undefined);
    expect(words.subject).toMatchObject({
      training: 'poisoned',
      trained: { id: 'wanet', detail: '' },
      tested: { id: 'noise', detail: '' },
    });
    expect(words.taskDetail).toBe('noise, trained with wanet, glyphs');
  });

  it("has the classifier's own trigger where the task names none", () => {
    const words = runWords(detector({}), poisoned({ name: 'corner' }), undefined);
    expect(words.subject.tested).toEqual(words.subject.trained);
    expect(words.taskDetail).toBe('corner, glyphs');
  });

  it('says in what two triggers of one kind differ, but for what says which samples get them', () => {
    const trained = poisoned({ name: 'noise', std: 0.3, p_backdoor: 0.2 });
    const quieter = runWords(detector({ backdoor: { name: 'noise', std: 0.1 } }), trained, undefined);
    expect(quieter.subject).toMatchObject({
      trained: { id: 'noise', detail: 'standard deviation 0.3' },
      tested: { id: 'noise', detail: 'standard deviation 0.1' },
    });
    const same = runWords(detector({ backdoor: { name: 'noise', std: 0.3 } }), trained, undefined);
    expect(same.subject.tested).toEqual(same.subject.trained);
  });

  it('does not know the training of an imported model that says nothing of it, or that is not there', () => {
    const imported = stored('classifier', { model: { name: 'mlp' }, imported: true });
    expect(runWords(imported, undefined, undefined).subject.training).toBe('unknown');
    expect(runWords(detector({}), undefined, undefined).subject.training).toBe('unknown');
    const clean = stored('classifier', { train_data: 'glyphs' });
    expect(runWords(clean, undefined, undefined).subject.training).toBe('clean');
  });

  it("calls a user's own data by the name of their folder", () => {
    const data = { name: 'image-folder', folder: '/data/own/lichens' };
    const words = runWords(stored('classifier', { train_data: data }), undefined, undefined);
    expect(words).toMatchObject({ dataset: 'image-folder', ownDataset: 'lichens', taskDetail: 'lichens' });
  });
});

it('says what of a run is not at its default, by the labels of its fields, and no place of the machine', () => {
  const { details } = runWords(detector({ trusted_fraction: 0.1, seed: 3 }), undefined, undefined);
  expect(details).toContainEqual({ label: 'Task seed', value: '3' });
  expect(details.map(({ label }) => label)).not.toContain('Classifier');
  expect(JSON.stringify(details)).not.toContain('/runs/');
});
