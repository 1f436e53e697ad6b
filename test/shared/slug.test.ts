import fc from 'fast-check';
import { expect, it } from 'vitest';
import { slug } from '../../shared/slug.ts';

it.each([
  ['Corner pixel, MNIST', 'corner-pixel-mnist'],
  ['  --a/b\\c..  ', 'a-b-c'],
  ['Größe', 'gr-e'],
  ['../..', ''],
])('makes %j %j', (words, expected) => {
  expect(slug(words)).toBe(expected);
});

it('is letters, digits and single dashes between them, of the length that is asked for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 20 }), (words, most) => {
      expect(slug(words, most)).toMatch(/^(?:[a-z0-9]+(?:-[a-z0-9]+)*)?$/);
      expect(slug(words, most).length).toBeLessThanOrEqual(most);
    }),
  );
});
