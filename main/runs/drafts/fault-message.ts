import type { z } from 'zod';
import type { Misfit } from '../../../shared/misfit.ts';
import { counted, formatCount } from '../../../shared/format.ts';
import { describe, type Field } from '../../../shared/schema/describe.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { explainIssue } from '../../../shared/schema/problems.ts';
import { walk } from '../../../shared/schema/walk.ts';
import { inLabels } from '../../../shared/wording.ts';
import { parameterLabel } from '../parameter-label.ts';
import { trainDetector } from '../train-detector.ts';

/**
 * Returns the field that a path of keys leads to in values of a schema, even if it leads to an item of the field's
 * list; undefined if there is none.
 */
export function fieldAt(
  schema: z.ZodObject,
  values: Record<string, unknown>,
  path: readonly string[],
): Field | undefined {
  const isSame = (found: readonly string[]) => found.every((key, i) => key === path[i]);
  for (const { field, path: found } of walk(describe(schema), values)) {
    if (isSame(found) && (found.length === path.length || listTypes.includes(field.type))) return field;
  }
  return undefined;
}

const listTypes: readonly Field['type'][] = ['integers', 'names'];

/** Says in one sentence what a value must be, for a user who sees the field. */
export function faultMessage(issue: z.core.$ZodIssue, value: unknown, field: Field | undefined): string {
  if (field && (value === undefined || value === '' || value === null)) {
    return field.type === 'pick' ? `Choose a ${field.registry.kind}.` : 'Must be filled in.';
  }
  if (issue.code === 'too_small' && issue.origin === 'array') return 'Needs at least one value.';
  if (issue.code === 'too_big' && issue.origin === 'array')
    return `Allows at most ${counted(Number(issue.maximum), 'value')}.`;
  if (field && ['integer', 'number', 'integers'].includes(field.type)) return `Must be ${numberRange(field)}.`;
  if (field?.type === 'flag') return 'Must be on or off.';
  const sentence = explainIssue(issue, value);
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** "a whole number of 1 to 10", "0 to 100 %". */
function numberRange({ type, min, max, control }: Field): string {
  if (control === 'share') return `${(min ?? 0) * 100} to ${(max ?? 1) * 100}\u00a0%`;
  const what = type === 'number' ? 'a number' : type === 'integer' ? 'a whole number' : 'whole numbers';
  if (min !== undefined && max !== undefined) return `${what} of ${written(min)} to ${written(max)}`;
  if (min !== undefined) return `${what} of at least ${written(min)}`;
  if (max !== undefined) return `${what} of at most ${written(max)}`;
  return what;
}

const written = (bound: number) => (Number.isInteger(bound) ? formatCount(bound) : String(bound));

/** Words a misfit for a user who sees the form. */
export function misfitMessage({ message, hint }: Misfit, values: { task: Picked; detector?: Picked }): string {
  const labelOf = (path: readonly string[]) =>
    fieldAt(trainDetector.params, values, path)?.label ?? parameterLabel(path);
  return [message, hint === undefined ? undefined : inLabels(hint, labelOf)].filter(Boolean).join(' ');
}
