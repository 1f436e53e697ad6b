import { resolve } from 'node:path';
import type { z } from 'zod';
import { describe, type Field } from '../../shared/schema/describe.ts';
import { jsonObject } from '../../shared/schema/outside.ts';
import { knownFields, mapValues, walk } from '../../shared/schema/walk.ts';

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
  return [...walk(fields, values, at)].flatMap(({ field, path, value }) =>
    field.isPath && typeof value === 'string' && value !== '' ? [{ at: path, path: value }] : [],
  );
}

/** Parameters with every path among them made absolute, so that the run can be repeated from any folder. They need not be valid. */
export function withAbsolutePaths(schema: z.ZodObject, params: unknown, base: string): unknown {
  const values = jsonObject.safeParse(params);
  return values.success ? withPaths(schema, values.data, (path) => resolve(base, path)) : params;
}

/** Parameters with every path among them changed. They need not be valid. */
export function withPaths(
  schema: z.ZodObject,
  params: Readonly<Record<string, unknown>>,
  change: (path: string) => string,
): Record<string, unknown> {
  return mapValues(knownFields, describe(schema), params, ({ isPath }, value) =>
    isPath && typeof value === 'string' && value !== '' ? change(value) : value,
  );
}
