import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import type { RunKind } from '../../shared/domain/run.ts';
import { runDefinitionOf } from './index.ts';
import { withPaths } from './paths.ts';

/** Run folders and the names by which a report calls them, the ids of the runs. */
export type RunNames = ReadonlyMap<string, string>;

/**
 * Returns what a report calls a path, without revealing anything about the machine: a run's folder by the run's id,
 * anything else by its last part.
 */
export function publicPath(path: string, names: RunNames): string {
  for (const [folder, name] of names) {
    const inside = relative(folder, resolve(path));
    if (inside === '') return name;
    if (!inside.startsWith('..') && !isAbsolute(inside)) return join(name, inside);
  }
  return basename(path);
}

/** A spec of that kind of run with every path as {@link publicPath}. It need not be valid. */
export function publicSpec(
  kind: RunKind,
  spec: Readonly<Record<string, unknown>>,
  names: RunNames,
): Record<string, unknown> {
  return withPaths(runDefinitionOf(kind).params, spec, (path) => publicPath(path, names));
}
