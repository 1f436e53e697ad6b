import { expect, it } from 'vitest';
import { tagFault, tagsIn } from '../../shared/tags.ts';

it('commas separate tags, spaces stand in them, and each comes once', () => {
  expect(tagsIn(' paper, seed 0 ,, paper,')).toEqual(['paper', 'seed 0']);
  expect(tagsIn(' , ')).toEqual([]);
});

it('a tag that is too long is not cut but found fault with', () => {
  expect(tagFault(['a'.repeat(60)])).toBeUndefined();
  expect(tagFault(['short', 'a'.repeat(61)])).toBe(`A tag has at most 60 characters; “${'a'.repeat(20)}…” has 61.`);
});
