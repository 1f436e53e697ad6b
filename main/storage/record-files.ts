import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { createPrivateFolder } from './private-files.ts';
import { readJsonFile } from './read-file.ts';

// Small notes about what running processes do. What a process does must not fail for want of its note.

/** Writes a record into the program's own folder, if it can. */
export function writeRecordFile(path: string, record: object): void {
  try {
    // What stands there decides what is ended and removed.
    createPrivateFolder(dirname(path));
    writeFileSync(path, JSON.stringify(record), { mode: 0o600 });
  } catch {
    // A full disk: the work itself reports that if it matters.
  }
}

/** Returns a record; undefined if it cannot be read, as while it is being written. */
export function readRecordFile<S extends z.ZodType>(path: string, schema: S): z.output<S> | undefined {
  try {
    return schema.safeParse(readJsonFile(path)).data;
  } catch {
    return undefined;
  }
}

/** Returns the file names in a folder of records; none if nothing has been recorded yet. */
export function recordNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Removes a record. One that cannot be removed stays, and is looked at again. */
export function discardRecord(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // See above.
  }
}
