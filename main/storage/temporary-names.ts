import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { processTag, processTagPattern } from './process-identity.ts';

/**
 * `tmp`: something that is not finished. `old`: something that is about to be replaced, under the name before the tag.
 */
type Ending = 'tmp' | 'old';

/** What a temporary name says. */
export interface TemporaryName {
  /** The name that the file or folder will get, or had. A future name may be truncated. */
  name: string;
  ending: Ending;
  /** The tag of the process that made it; undefined for what earlier versions made. */
  owner: string | undefined;
}

/** Characters of a name that go into a temporary one, which would otherwise be too long for some names. */
const mostKept = 60;

const pattern = new RegExp(`^\\.(.+)\\.(${processTagPattern})\\.[0-9a-f]{6}\\.(tmp|old)$`, 's');

/** Names that earlier versions gave: to files and folders, to data sets that were taken in, to engines. */
const earlierPatterns = [
  /^\.(.+)\.[0-9a-f]{12}\.(tmp|old)$/s,
  /^\.(import)-[0-9a-f]{12}$/,
  /^\.(\d+)-[0-9a-f]{12}\.(tmp)$/,
  /^\.(tensorflow-.+)\.(old)$/,
];

/** Returns a new name, in the folder of `path`, for what will be put at `path` or has to make room there. */
export function temporaryPath(path: string, ending: Ending = 'tmp'): string {
  const name = basename(path);
  const kept = ending === 'old' ? name : name.slice(0, mostKept).toWellFormed();
  return join(dirname(path), `.${kept}.${processTag()}.${randomBytes(3).toString('hex')}.${ending}`);
}

/** Returns what a temporary name says; undefined for any other name. */
export function parseTemporaryName(text: string): TemporaryName | undefined {
  const [, name, owner, ending] = pattern.exec(text) ?? [];
  if (name !== undefined) return { name, owner, ending: ending as Ending };
  const [, earlier, kind = 'tmp'] = earlierPatterns.map((known) => known.exec(text)).find((found) => found) ?? [];
  return earlier === undefined ? undefined : { name: earlier, owner: undefined, ending: kind as Ending };
}

/** Whether `name` is one of a file or folder that is not finished, or was cut off by a crash. */
export function isTemporaryName(name: string): boolean {
  return parseTemporaryName(name) !== undefined;
}
