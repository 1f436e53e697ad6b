import { describe, expect, it } from 'vitest';
import { numberFromText, textOfNumber } from '../../renderer/components/number-text.ts';

describe('numberFromText', () => {
  it.each([
    ['', undefined],
    ['  ', undefined],
    ['12', 12],
    [' 0.5 ', 0.5],
    ['0,5', 0.5],
    ['1e-3', 0.001],
    ['-4', -4],
    ['1,000.5', '1,000.5'],
    ['1.2.3', '1.2.3'],
    ['abc', 'abc'],
    ['Infinity', 'Infinity'],
    ['5 px', '5 px'],
  ])('%j is %j', (text, value) => {
    expect(numberFromText(text)).toBe(value);
  });

  it('keeps what is no number as it was typed', () => {
    expect(textOfNumber(numberFromText(' 1..2 '))).toBe(' 1..2 ');
    expect(textOfNumber(undefined)).toBe('');
    expect(textOfNumber(0.25)).toBe('0.25');
  });
});
