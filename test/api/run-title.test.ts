import { expect, it } from 'vitest';
import { runTitle } from '../../main/api/runs/run-title.ts';
import { runSummary } from '../renderer/run-summary.ts';

const subject = { training: 'poisoned', change: '', words: '' } as const;
const corner = { id: 'corner', detail: '' };

it('calls a run as the window does: by detector, task, and the triggers of training and test', () => {
  const run = { kind: 'detector', title: 'as stored', detector: 'mahalanobis', detectorDetail: '', task: 'backdoor', dataset: 'mnist', ownDataset: '' } as const; // prettier-ignore
  expect(runTitle(runSummary({ ...run, subject: { ...subject, trained: corner, tested: corner } }))).toBe(
    'mahalanobis: Backdoor, corner pixel, MNIST',
  );
  const other = { id: 'noise', detail: '' };
  expect(runTitle(runSummary({ ...run, subject: { ...subject, trained: corner, tested: other } }))).toMatch(
    /^mahalanobis: Backdoor, corner pixel, tested with .*noise, MNIST$/,
  );
  const change = { ...subject, trained: corner, tested: corner, change: 'noise' };
  expect(runTitle(runSummary({ ...run, task: 'ood', subject: change }))).toMatch(/^mahalanobis: .*, corner pixel, against .*noise, MNIST$/); // prettier-ignore
});

it('leaves a classifier the title that it was given', () => {
  expect(runTitle(runSummary({ kind: 'classifier', title: 'From the paper' }))).toBe('From the paper');
});
