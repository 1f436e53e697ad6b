import { describe, expect, it } from 'vitest';
import { stepOf, tokenPieces } from '../../renderer/screens/run/token-words.ts';

const written = (words: string[]) =>
  tokenPieces(words)
    .map(({ hasSpace, text }) => `${hasSpace ? ' ' : ''}[${text}]`)
    .join('');

describe('tokens in a text', () => {
  it('have spaces as their tokenizer writes them', () => {
    expect(written(['We', '\u0120ate', 'n', '\u010a'])).toBe('[We] [ate][n][↵]');
    expect(written(['\u2581We', '\u2581eat'])).toBe(' [We] [eat]');
    expect(written(['un', '##like', 'this'])).toBe('[un][##like] [this]'.replace('##', ''));
    expect(written(['We', ' ate', '\n', 'it'])).toBe('[We] [ate][↵][it]');
    expect(written(['Alice', '12', '+'])).toBe('[Alice] [12] [+]');
  });

  it('have five steps, the last above all trusted ones', () => {
    expect([0, 1, 2, 3, 4, 5].map((score) => stepOf(score, [1, 2, 3, 4]))).toEqual([0, 1, 2, 3, 3, 4]);
  });
});
