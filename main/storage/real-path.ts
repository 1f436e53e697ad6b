import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { systemCode } from './storage-error.ts';

/**
 * Returns where a path leads once all links are followed. Of a path that does not exist (yet), the part that does is
 * followed. Undefined if that is not known: a link to nothing, a loop, no permission, `..`, which means one thing to the
 * system and another in a text.
 */
export function realPathOf(path: string): string | undefined {
  if (path.split(/[\\/]/).includes('..')) return undefined;
  const missing: string[] = [];
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      return join(realpathSync.native(at), ...missing);
    } catch (error) {
      const code = systemCode(error);
      const isMissing = code === 'ENOTDIR' || (code === 'ENOENT' && !isLink(at));
      if (!isMissing || dirname(at) === at) return undefined;
      missing.unshift(basename(at));
    }
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** Returns whether a path without links is a folder or lies below it. */
export function isInside(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return !isAbsolute(inside) && inside.split(sep)[0] !== '..';
}

/** Returns whether a path without links is a folder or lies below it, and is not hidden there. */
export function isBelow(folder: string, path: string): boolean {
  const names = relative(folder, path).split(sep);
  return isInside(folder, path) && !names.some((name) => name.startsWith('.'));
}
