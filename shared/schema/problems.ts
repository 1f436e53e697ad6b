import type { z } from 'zod';
import { nearest } from '../nearest.ts';
import { isTooDeep } from './outside.ts';
import { numbered } from '../format.ts';

type Issue = z.core.$ZodIssue;

/** Most faults named in a sentence about a stored value; an entirely different file has thousands. */
const mostNamed = 3;

/** Characters of a value, or of a name, that a sentence repeats. */
const mostShown = 80;

/** Most characters about one fault: lists of all known names are for a terminal. */
const longestProblem = 200;

/** Shortens a text so that it fits into a sentence. */
export function shortened(text: string, most: number = mostShown): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}

function written(value: unknown): string {
  return isTooDeep(value) ? 'a deeply nested value' : shortened(JSON.stringify(value) ?? 'nothing');
}

/** What is wrong with a value in one sentence: what was expected and what was found. */
export function explainIssue(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty.';
      if (issue.origin === 'array') return `needs at least ${numbered(Number(issue.minimum), 'value')}.`;
      return `must be ${issue.inclusive === false ? 'above' : 'at least'} ${String(issue.minimum)}, got ${written(value)}.`;
    case 'too_big':
      if (issue.origin === 'array')
        return `allows at most ${numbered(Number(issue.maximum), 'value')}, got ${sizeOf(value)}.`;
      if (issue.origin === 'string')
        return `allows at most ${numbered(Number(issue.maximum), 'character')}, got ${sizeOf(value)}.`;
      return `must be ${issue.inclusive === false ? 'below' : 'at most'} ${String(issue.maximum)}, got ${written(value)}.`;
    case 'invalid_type':
      if (value === undefined) return 'is missing.';
      return `must be ${article(issue.expected)}, got ${written(value)}.`;
    case 'invalid_value': {
      const known = issue.values.map(String);
      if (issue.values.some((one) => typeof one !== 'string' && String(one) === value))
        return `must be a ${typeof issue.values[0]}, got ${written(value)}, which is a text; write it without quotes.`;
      const guess = typeof value === 'string' ? nearest(value, known) : undefined;
      return `must be ${known.length === 1 ? '' : 'one of '}${known.join(', ')}; got ${written(value)}.${guess ? ` Did you mean "${guess}"?` : ''}`;
    }
    case 'unrecognized_keys':
      return `has no parameter ${issue.keys
        .slice(0, mostNamed)
        .map((key) => `"${shortened(key)}"`)
        .join(', ')}.`;
    case 'invalid_format':
      return issue.format === 'datetime' ? `must be a date with a time, got ${written(value)}.` : issue.message;
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

/**
 * What is wrong with a value that was found in a file or in the catalogue: one sentence a fault, of many the first few.
 * What is at fault goes by its keys, or by what `nameOf` makes of them.
 */
export function explainFaults(
  issues: readonly Issue[],
  value: unknown,
  nameOf: (path: readonly string[]) => string = (path) => path.join('.'),
): string {
  const sentences = issues.slice(0, mostNamed).map((issue) => {
    const problem = shortened(explainIssue(issue, valueAt(value, issue.path)), longestProblem);
    // A sentence of its own, such as that of an unknown name, stands behind a colon.
    const separator = /^\p{Lu}/u.test(problem) ? ': ' : ' ';
    return `${shortened(nameOf(issue.path.map(String))) || 'It'}${separator}${problem}`;
  });
  const more = issues.length - sentences.length;
  return [...sentences, ...(more > 0 ? [`${numbered(more, 'more fault', 'more faults')}.`] : [])].join(' ');
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
