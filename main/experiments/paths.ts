import { resolve } from 'node:path';
import { describe, fieldsOfPick, type Field } from '../../shared/schema/describe.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import type { ExperimentDefinition } from './experiment.ts';

/** The spec with every path in it made absolute, so that the run can be repeated from any folder. */
export function withAbsolutePaths(
  experiment: ExperimentDefinition,
  spec: Record<string, unknown>,
  base: string,
): Record<string, unknown> {
  return resolveFields(describe(experiment.params), spec, base);
}

function resolveFields(
  fields: readonly Field[],
  values: Record<string, unknown>,
  base: string,
): Record<string, unknown> {
  const result = { ...values };
  for (const field of fields) {
    const value = values[field.key];
    if (value === undefined) continue;
    if (field.isPath) result[field.key] = resolve(base, value as string);
    if (field.type === 'pick') result[field.key] = resolvePick(field, value as Picked, base);
    if (field.type === 'pick-record') {
      result[field.key] = Object.fromEntries(
        Object.entries(value as Record<string, Picked>).map(([name, picked]) => [
          name,
          resolvePick(field, picked, base),
        ]),
      );
    }
  }
  return result;
}

function resolvePick(field: Field, picked: Picked, base: string): Picked {
  return resolveFields(fieldsOfPick(field, picked.name), picked, base) as Picked;
}
