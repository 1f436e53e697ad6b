import { expect, it } from 'vitest';
import { saidOnce } from '../../main/runs/work/said-once.ts';

it('passes each sentence on once, in order', () => {
  const heard: string[] = [];
  const say = saidOnce((message) => heard.push(message));
  for (const message of ['a', 'b', 'a', 'c', 'b']) say(message);
  expect(heard).toEqual(['a', 'b', 'c']);
});
