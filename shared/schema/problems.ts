import type { z } from 'zod';
import { nearest } from '../nearest.ts';

type Issue = z.core.$ZodIssue;

function written(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

/** What is wrong with a value in one sentence: what was expected and what was found. */
export function explainIssue(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty.';
      if (issue.origin === 'array') return `needs at least ${String(issue.minimum)} values.`;
      return `must be at least ${String(issue.minimum)}, got ${written(value)}.`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}, got ${written(value)}.`;
    case 'invalid_type':
      if (value === undefined) return 'is missing.';
      return `must be ${article(issue.expected)}, got ${written(value)}.`;
    case 'invalid_value': {
      const known = issue.values.map(String);
      const guess = typeof value === 'string' ? nearest(value, known) : undefined;
      return `must be one of ${known.join(', ')}; got ${written(value)}.${guess ? ` Did you mean "${guess}"?` : ''}`;
    }
    case 'unrecognized_keys':
      return `has no parameter ${issue.keys.map((key) => `"${key}"`).join(', ')}.`;
    default:
      return issue.message;
  }
}

function article(expected: string): string {
  if (expected === 'int') return 'a whole number';
  if (expected === 'array' || expected === 'object') return `an ${expected}`;
  return `a ${expected}`;
}

/** The part of `value` that a path of keys leads to. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return current;
}
