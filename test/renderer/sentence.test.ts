import { expect, it } from 'vitest';
import { asSentence } from '../../renderer/components/sentence.ts';

it.each([
  ['Size of a step', 'Size of a step.'],
  ['Size of a step.', 'Size of a step.'],
  ['Share of images (0 to 1)', 'Share of images (0 to 1).'],
  ['Is it there?', 'Is it there?'],
  ['', ''],
])('%j stands as %j', (phrase, sentence) => {
  expect(asSentence(phrase)).toBe(sentence);
});
