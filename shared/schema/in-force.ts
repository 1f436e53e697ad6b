import { asSweep } from '../sweep.ts';

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

/** The help of a parameter with its condition, for who sees all of them at once: "Draws a chain gives (only with coupling sampled)". */
export function helpInFull({ help, when }: { help: string; when?: Condition | undefined }): string {
  if (when === undefined) return help;
  const conditions = Object.entries(when).map(([key, value]) => `${key} ${String(value)}`);
  return `${help} (only with ${conditions.join(' and ')})`;
}
