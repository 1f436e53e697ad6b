import { expect, it } from 'vitest';
import { questions } from '../../renderer/app/question.svelte.ts';
import { cancelRuns } from '../../renderer/runs/run-actions.ts';
import { answerWith } from './fake-program.ts';
import { runSummary } from './run-summary.ts';

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
