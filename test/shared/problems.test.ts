import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { explainIssue } from '../../shared/schema/problems.ts';

const problemOf = (schema: z.ZodType, value: unknown) => explainIssue(schema.safeParse(value).error!.issues[0]!, value);

describe('what is wrong with a value', () => {
  it('says which bounds are not allowed themselves', () => {
    expect(problemOf(z.number().positive(), 0)).toBe('must be above 0, got 0.');
    expect(problemOf(z.number().lt(1), 1)).toBe('must be below 1, got 1.');
    expect(problemOf(z.number().min(0), -1)).toBe('must be at least 0, got -1.');
    expect(problemOf(z.number().max(1), 2)).toBe('must be at most 1, got 2.');
  });

  it('tells a number from a text that looks like it', () => {
    expect(problemOf(z.literal(1), '1')).toBe('must be a number, got "1", which is a text; write it without quotes.');
    expect(problemOf(z.literal(1), 2)).toBe('must be 1; got 2.');
    expect(problemOf(z.enum(['left', 'right']), 'lef')).toBe(
      'must be one of left, right; got "lef". Did you mean "left"?',
    );
  });
});
