import { resolve } from 'node:path';
import { describe, fieldsOfPick, type Field } from '../../shared/schema/describe.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import type { RunDefinition } from './run-definition.ts';

/** A path among parameters, with the keys that lead to it. */
export interface PathAt {
  at: string[];
  path: string;
}

/** Returns the paths among parameters, at any depth. The values need not be valid. */
export function pathsIn(
  fields: readonly Field[],
  values: Record<string, unknown>,
  at: readonly string[] = [],
): PathAt[] {
  return fields.flatMap((field) => {
    const value = values[field.key];
    const here = [...at, field.key];
    if (field.isPath) return typeof value === 'string' && value !== '' ? [{ at: here, path: value }] : [];
    if (!isObject(value)) return [];
    if (field.type === 'group') return pathsIn(field.fields!, value, here);
    if (field.type === 'pick') return pathsInPick(field, value, here);
    if (field.type !== 'pick-record') return [];
    return Object.entries(value).flatMap(([name, picked]) =>
      isObject(picked) ? pathsInPick(field, picked, [...here, name]) : [],
    );
  });
}

function pathsInPick(field: Field, picked: Record<string, unknown>, at: readonly string[]): PathAt[] {
  const { name } = picked;
  return typeof name === 'string' && field.registry!.has(name) ? pathsIn(fieldsOfPick(field, name), picked, at) : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The spec with every path in it made absolute, so that the run can be repeated from any folder. */
export function withAbsolutePaths(
  experiment: RunDefinition,
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
