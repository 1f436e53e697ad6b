import { describe, expect, it } from 'vitest';
import { CupbearerError, fromErrorRecord, toErrorRecord } from '../../shared/errors.ts';
import { editDistance, nearest } from '../../shared/nearest.ts';

describe('error records', () => {
  it('come back as the error they were', () => {
    const error = new CupbearerError('bad-data', 'too short', { hint: 'again', details: { expected: 3 } });
    const back = fromErrorRecord(structuredClone(toErrorRecord(error)));
    expect(back).toMatchObject({ code: 'bad-data', message: 'too short', hint: 'again', details: { expected: 3 } });
    expect(back.stack).toBe(error.stack);
  });

  it('are internal for what nobody expected', () => {
    expect(toErrorRecord(new TypeError('x is undefined'))).toMatchObject({
      code: 'internal',
      message: 'x is undefined',
    });
    expect(toErrorRecord('gone')).toEqual({ code: 'internal', message: 'gone' });
  });
});

describe('nearest', () => {
  it('counts insertions, deletions and substitutions', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
  });

  it('finds what was meant, and nothing where nothing is close', () => {
    expect(nearest('mahalanobs', ['que', 'mahalanobis'])).toBe('mahalanobis');
    expect(nearest('zzzzzz', ['que', 'mahalanobis'])).toBeUndefined();
  });
});
