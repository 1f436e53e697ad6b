import { describe, expect, it } from 'vitest';
import { causeWords } from '../../renderer/screens/runs/cause-words.ts';
import { diverged } from '../../main/models/gradient-step.ts';
import type { RunSummary } from '../../shared/domain/live.ts';
import { smallerBatchHelps, toErrorRecord, type ErrorRecord } from '../../shared/errors.ts';

type Ended = Pick<RunSummary, 'status' | 'error'>;

const known = new Map([['classifier-1', { kind: 'classifier' } as const]]);
const words = (run: Ended) => causeWords(run, known);
const failed = (error: ErrorRecord): Ended => ({ status: 'failed', error });

describe('why a run ended early', () => {
  it('says where training left the numbers, as the trainer reports it', () => {
    expect(words(failed(toErrorRecord(diverged('The training loss became NaN in', 3, 6))))).toBe(
      'Loss not finite, epoch 3',
    );
  });

  it('names the run that it waited for, whatever became of that', () => {
    const details = { run: 'classifier-1' };
    const code = 'non-finite';
    expect(words(failed({ code, message: 'The classifier it builds on failed: …', details }))).toBe(
      'The classifier failed',
    );
    const error = { code: 'cancelled' as const, message: 'The classifier it builds on was cancelled.', details };
    expect(words({ status: 'cancelled', error })).toBe('The classifier was cancelled');
    expect(words(failed({ code, message: '', details: { run: 'deleted since' } }))).toBe('The run before it failed');
  });

  it('says nothing where the status says it all', () => {
    expect(words({ status: 'cancelled', error: { code: 'cancelled', message: 'The training was cancelled.' } })).toBe(
      '',
    );
    expect(words({ status: 'cancelled', error: null })).toBe('');
  });

  it('knows want of memory from another end of the process', () => {
    const crash = {
      code: 'crashed' as const,
      message: 'The compute process was ended by SIGKILL in the middle of the run.',
    };
    expect(words(failed(crash))).toBe('Its process ended');
    expect(words(failed({ ...crash, details: { ...smallerBatchHelps } }))).toBe('Out of memory');
  });

  it('gives any other failure in its own words', () => {
    expect(words(failed({ code: 'storage', message: 'The disk is full.' }))).toBe('The disk is full.');
    expect(words(failed({ code: 'non-finite', message: 'Scores are not finite.' }))).toBe('Scores are not finite.');
    expect(words({ status: 'interrupted', error: null })).toBe('Ended without a word');
  });
});
