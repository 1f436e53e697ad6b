import { join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { pluginCheckSchema, pluginErrorSchema, type PluginError } from '../../shared/domain/plugin.ts';
import { CupbearerError, toErrorRecord } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { writeFileAtomically } from '../storage/atomic-write.ts';
import { cupbearerHome } from '../storage/home.ts';
import { toJsonText } from '../storage/json-text.ts';
import { readJsonFile, readTextFile } from '../storage/read-file.ts';
import { isThere, within } from '../storage/within-folder.ts';
import { mostPluginBytes } from './content.ts';
import { snapshotFolder } from './snapshot.ts';

/** What came of looking at a content of a plugin. */
const outcomeSchema = z.strictObject({
  at: z.iso.datetime(),
  /** The interpreter that it was looked at in. */
  python: z.string().optional(),
  /** Why it does not load; none where it does. */
  error: pluginErrorSchema.optional(),
  checks: z.array(pluginCheckSchema).max(10_000).optional(),
  seconds: z.number().optional(),
});
export type PluginOutcome = z.infer<typeof outcomeSchema>;

const fileName = 'outcome.json';
/** Lines shown before and after the one with the error. */
const around = 1;
const mostLineCharacters = 300;

/** What came of looking at a content the last time; undefined where nobody did. */
export function keptOutcome(hash: string, home: string = cupbearerHome()): PluginOutcome | undefined {
  const place = within(snapshotFolder(hash, home), fileName);
  return isThere(place) ? outcomeSchema.safeParse(readJsonFile(place)).data : undefined;
}

export function keepOutcome(hash: string, outcome: PluginOutcome, home: string = cupbearerHome()): void {
  writeFileAtomically(join(snapshotFolder(hash, home), fileName), toJsonText(outcome));
}

/** What a person is shown of an error of a plugin in `folder`: with the lines around the one that it names. */
export function shownError(error: unknown, folder: string): PluginError {
  const { message, hint, details = {} } = toErrorRecord(error);
  const path = typeof details['file'] === 'string' ? details['file'] : undefined;
  const line = typeof details['line'] === 'number' ? details['line'] : undefined;
  const inside = path === undefined ? undefined : relative(folder, resolve(folder, path));
  const file = inside === undefined || inside.startsWith('..') ? path : inside.split(sep).join('/');
  return {
    message,
    ...given({ hint, file, line, lines: file === undefined ? undefined : linesOf(folder, file, line) }),
  };
}

/** The lines around one; undefined where the file is not there, or not the plugin's. */
function linesOf(folder: string, file: string, line: number | undefined): PluginError['lines'] {
  if (line === undefined) return undefined;
  try {
    const lines = readTextFile(within(folder, ...file.split(/[\\/]/)), mostPluginBytes).split(/\r?\n/);
    const from = Math.max(1, line - around);
    return lines
      .slice(from - 1, line + around)
      .map((text, i) => ({ number: from + i, text: text.slice(0, mostLineCharacters) }));
  } catch (error) {
    if (error instanceof CupbearerError) return undefined;
    throw error;
  }
}
