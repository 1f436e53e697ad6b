import { afterEach, expect, it } from 'vitest';
import { questions } from '../../renderer/app/question.svelte.ts';
import { toasts } from '../../renderer/app/toasts.svelte.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { cancelRuns, repeatRuns, resumeRuns } from '../../renderer/runs/run-actions.ts';
import { answerWith } from './fake-program.ts';
import { runSummary } from './run-summary.ts';

afterEach(() => {
  for (const { id } of toasts.list) toasts.dismiss(id);
});

const messages = () => toasts.list.map(({ message }) => message);

/** A program in which so many runs wait for those that are to be cancelled. */
function programWith(count: number) {
  const cancelled: string[][] = [];
  answerWith({
    runs: {
      waitingFor: () => ({ count }),
      cancel: ({ ids }) => {
        cancelled.push(ids);
        return {};
      },
    },
  });
  return cancelled;
}

it('cancels at once what nothing waits for', async () => {
  const cancelled = programWith(0);
  await cancelRuns([runSummary({ id: 'a' })]);
  expect([questions.current, cancelled]).toEqual([undefined, [['a']]]);
});

it.each([true, false])('says how many runs wait, and cancels if the answer is yes: %s', async (isYes) => {
  const cancelled = programWith(3);
  const done = cancelRuns([runSummary({ id: 'a' })]);
  await expect.poll(() => questions.current?.text).toContain('3 runs wait for it and will not be computed');
  expect(cancelled).toEqual([]);
  questions.answer(isYes);
  await done;
  expect([questions.current, cancelled]).toEqual([undefined, isYes ? [['a']] : []]);
});

it('resumes one training after another, and says why one could not be', async () => {
  const resumed: string[] = [];
  answerWith({
    runs: {
      resume: ({ id }) => {
        if (id === 'b') throw new CupbearerError('conflict', 'Its folder is in use.');
        resumed.push(id);
        return {};
      },
    },
  });
  await resumeRuns(['a', 'b', 'c'].map((id) => runSummary({ id, kind: 'classifier' })));
  expect(resumed).toEqual(['a', 'c']);
  expect(messages()).toEqual([expect.stringContaining('Its folder is in use.'), 'Resumed: 2 of 3 runs']);
});

it('repeats runs as new ones, and Undo cancels these alone', async () => {
  const cancelled: string[][] = [];
  answerWith({
    runs: {
      repeat: ({ id }) => ({ id: `${id}-again` }),
      cancel: ({ ids }) => {
        cancelled.push(ids);
        return {};
      },
    },
  });
  await repeatRuns(['a', 'b'].map((id) => runSummary({ id })));
  expect(messages()).toEqual(['Repeated: 2 runs']);
  toasts.list[0]!.action!.run();
  await expect.poll(() => cancelled).toEqual([['a-again', 'b-again']]);
});

it('shows nothing but the reason where none could be repeated', async () => {
  answerWith({
    runs: {
      repeat: () => {
        throw new CupbearerError('not-found', 'Its model is gone.');
      },
    },
  });
  await repeatRuns(['a', 'b'].map((id) => runSummary({ id })));
  expect(messages()).toEqual([expect.stringContaining('Its model is gone.')]);
});
