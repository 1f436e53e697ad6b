import type { z } from 'zod';
import { nearest } from '../nearest.ts';

type Issue = z.core.$ZodIssue;

/** A value is shown up to so many characters. */
const mostShown = 200;

function written(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > mostShown ? `${text.slice(0, mostShown)}…` : text;
}

/** What is wrong with a value in one sentence: what was expected and what was found. */
export function explainIssue(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty.';
      if (issue.origin === 'array') return `needs at least ${String(issue.minimum)} values.`;
      return `must be at least ${String(issue.minimum)}, got ${written(value)}.`;
    case 'too_big':
      if (issue.origin === 'array') return `allows at most ${String(issue.maximum)} values, got ${sizeOf(value)}.`;
      if (issue.origin === 'string') return `allows at most ${String(issue.maximum)} characters, got ${sizeOf(value)}.`;
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

function sizeOf(value: unknown): number {
  return (value as { length?: number } | undefined)?.length ?? 0;
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
