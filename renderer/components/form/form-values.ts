import type { FormDefinition, FormField } from '../../../shared/domain/form.ts';
import { mapValues } from '../../../shared/schema/walk.ts';
import { pickedOf } from './form-model.ts';

/** The definitions of a kind ("detector", "dataset"). */
export type Definitions = (kind: string) => readonly FormDefinition[];

/** A copy of `root` with another value at a path; undefined takes the key away. Lists along the path stay lists. */
export function withValue(root: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(root)) {
    const index = Number(key);
    return root.map((item: unknown, i) => (i === index ? withValue(item, rest, value) : item));
  }
  // A definition may be given as its bare id.
  const record = typeof root === 'string' ? { name: root } : ((root ?? {}) as Record<string, unknown>);
  const next = withValue(record[key], rest, value);
  if (next !== undefined) return { ...record, [key]: next };
  const { [key]: _, ...others } = record;
  return others;
}

/** Values with every definition that is picked below the fields as an object with its name. */
export function namesIn(
  fields: readonly FormField[],
  values: Record<string, unknown>,
  definitions: Definitions,
): Record<string, unknown> {
  const fieldsOf = ({ registry, omit }: FormField, name: string) =>
    definitions(registry ?? '')
      .find(({ id }) => id === name)
      ?.fields.filter(({ key }) => !omit?.includes(key));
  return mapValues(fieldsOf, fields, values, (field, value) =>
    field.type === 'pick' && (value ?? field.default) !== undefined ? pickedOf(value, field) : value,
  );
}
