import { expect, it } from 'vitest';
import { given } from '../../shared/given.ts';

it('leaves out what is undefined, and nothing else', () => {
  const values: Record<string, unknown> = { a: 0, b: '', c: null, d: undefined, e: false };
  expect(Object.keys(given(values))).toEqual(['a', 'b', 'c', 'e']);
});
