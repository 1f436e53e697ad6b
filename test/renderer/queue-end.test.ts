import { expect, it } from 'vitest';
import { queueEnd } from '../../renderer/app/queue-end.svelte.ts';
import { experimentSummary } from './experiment-view.ts';

const running = experimentSummary({ state: 'running', counts: { total: 4, done: 1, running: 1, failed: 0 } });
const endedAs = (done: number, failed: number) => experimentSummary({ counts: { total: 4, done, running: 0, failed } });

it('is told in the title of a page that nobody looks at, until somebody does', () => {
  queueEnd.follow([running], false);
  expect(queueEnd.news).toBe('');
  queueEnd.follow([endedAs(4, 0)], false);
  expect(queueEnd.news).toBe('Done: Quick');
  queueEnd.see();
  queueEnd.follow([endedAs(4, 0)], false);
  expect(queueEnd.news).toBe('');
});

it('is not told of a page that is looked at', () => {
  queueEnd.follow([running], true);
  queueEnd.follow([endedAs(4, 0)], true);
  queueEnd.follow([endedAs(4, 0)], false);
  expect(queueEnd.news).toBe('');
});

it.each([
  [endedAs(3, 1), 'Ended with failures: Quick'],
  [endedAs(3, 0), 'Stopped: Quick'],
])('says how it ended: %#', (ended, news) => {
  queueEnd.follow([running], false);
  queueEnd.follow([ended], false);
  expect(queueEnd.news).toBe(news);
});
