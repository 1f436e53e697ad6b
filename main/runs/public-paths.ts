import { homedir } from 'node:os';
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

/** What stands in quotes, and begins as an absolute path does. */
const quotedPath = /(["'“‘`])((?:~?[\\/]|[A-Za-z]:[\\/])[^"'”’`\n]+)(["'”’`])/g;
/** Two or more names with separators before them, to the next space or the punctuation behind them. */
const barePath = /(?<![\w.:/\\-])(?:~|[A-Za-z]:)?(?:[\\/][^\s\\/"'“”‘’`()<>,;:]+){2,}[\\/]?/g;

/** A folder, and not another one whose name begins alike. */
const folderPattern = (folder: string) => new RegExp(`${folder.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`, 'g');

/**
 * A sentence with every path in it as {@link publicPath}: those of runs and `folders`, which are known, and whatever else looks like
 * an absolute path.
 */
export function publicText(text: string, names: RunNames, folders: readonly string[] = []): string {
  const known = [...names, ...folders.map((folder) => [folder, basename(folder)] as const)]
    .filter(([folder]) => folder.length > 1)
    .sort(([a], [b]) => b.length - a.length);
  const homeless = [...known, [homedir(), '~'] as const].reduce(
    (cut, [folder, name]) => cut.replace(folderPattern(folder), () => name),
    text,
  );
  const last = (path: string) => path.replace(/[\\/]+$/, '').replace(/^.*[\\/]/, '');
  return homeless
    .replace(quotedPath, (_, opening: string, path: string, closing: string) => `${opening}${last(path)}${closing}`)
    .replace(barePath, last);
}

/** A spec of that kind of run with every path as {@link publicPath}. It need not be valid. */
export function publicSpec(
  kind: RunKind,
  spec: Readonly<Record<string, unknown>>,
  names: RunNames,
): Record<string, unknown> {
  return withPaths(runDefinitionOf(kind).params, spec, (path) => publicPath(path, names));
}
