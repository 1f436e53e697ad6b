import { asSweep } from '../draft-parts.ts';

/** By the key of a parameter beside it, the value that it must have: `{ coupling: 'sampled' }`. */
export type Condition = Readonly<Record<string, string | boolean>>;

interface Conditional {
  readonly key: string;
  readonly label: string;
  readonly default?: unknown;
  readonly when?: Condition | undefined;
}

/** Whether a parameter has any effect, with the values of those beside it; of swept ones, with any of their values. */
export function isInForce(
  { when = {} }: Pick<Conditional, 'when'>,
  beside: readonly Conditional[],
  values: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(when).every(([key, wanted]) => {
    const value = values[key] ?? beside.find((other) => other.key === key)?.default;
    return asSweep(value)?.sweep.includes(wanted) ?? value === wanted;
  });
}

/** The condition in words: "only with coupling sampled"; undefined where there is none. */
export function conditionWords({ when }: Pick<Conditional, 'when'>): string | undefined {
  if (when === undefined) return undefined;
  return `only with ${Object.entries(when)
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(' and ')}`;
}
