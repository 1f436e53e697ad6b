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
    piecesOf(field, value).flatMap((piece) => (typeof piece === 'string' ? [] : [{ at: path, path: piece.path }])),
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
  return mapValues(knownFields, describe(schema), params, (field, value) => {
    const pieces = piecesOf(field, value);
    if (pieces.length === 0) return value;
    return pieces.map((piece) => (typeof piece === 'string' ? piece : change(piece.path))).join('');
  });
}

/** A text in which there are paths, cut into these and what stands between them; none where the value is no such text. */
function piecesOf(
  { isPath, pathForm }: Pick<Field, 'isPath' | 'pathForm'>,
  value: unknown,
): (string | { path: string })[] {
  if (!isPath || typeof value !== 'string' || value === '') return [];
  if (pathForm === 'or-name') return [/[./\\]/.test(value) ? { path: value } : value];
  if (pathForm !== 'list') return [{ path: value }];
  return value.split(',').flatMap((item, i) => {
    const named = item.indexOf('=') + 1;
    const [name, path] = [item.slice(0, named), item.slice(named)];
    return [(i === 0 ? '' : ',') + name, ...(path === '' ? [] : [{ path }])];
  });
}
