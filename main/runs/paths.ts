import { resolve } from 'node:path';
import { describe, type Field } from '../../shared/schema/describe.ts';
import { knownFields, mapValues, walk } from '../../shared/schema/walk.ts';
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
  return [...walk(fields, values, at)].flatMap(({ field, path, value }) =>
    field.isPath && typeof value === 'string' && value !== '' ? [{ at: path, path: value }] : [],
  );
}

/** The spec with every path in it made absolute, so that the run can be repeated from any folder. */
export function withAbsolutePaths(
  experiment: RunDefinition,
  spec: Record<string, unknown>,
  base: string,
): Record<string, unknown> {
  return mapValues(knownFields, describe(experiment.params), spec, ({ isPath }, value) =>
    isPath && typeof value === 'string' ? resolve(base, value) : value,
  );
}
