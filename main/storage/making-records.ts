import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createPrivateFolder } from './private-files.ts';
import { isProcessAlive, processIdentity } from './process-identity.ts';
import { readJsonFile } from './read-file.ts';

/** What the file `<pid>-<count>.json` holds: the folder of a run, and the start of the process that makes the run. */
const recordSchema = z.object({ folder: z.string().min(1), started: z.string() });

let count = 0;

/**
 * Calls `make`, which makes a run in a folder, and keeps a record of the folder in the program's own one meanwhile: the catalogue
 * does not know it yet, and what a kill leaves in it could not be found.
 */
export function whileMaking<T>(home: string, folder: string, make: () => T): T {
  const { pid, started } = processIdentity();
  const records = recordsFolder(home);
  const path = join(records, `${pid}-${count++}.json`);
  try {
    createPrivateFolder(records);
    writeFileSync(path, JSON.stringify({ folder, started }), { mode: 0o600 });
  } catch {
    // A full disk is told of by what is made.
  }
  try {
    return make();
  } finally {
    discard(path);
  }
}

/** A folder in which a process that has gone was making a run. */
export interface CutOffMaking {
  folder: string;
  /** Removes the record, once the folder is tidy. */
  forget: () => void;
}

/** The folders on record whose process has gone. */
export function cutOffMakings(home: string): CutOffMaking[] {
  return recordNames(home).flatMap((name) => {
    const path = join(recordsFolder(home), name);
    const record = read(path);
    if (isProcessAlive(Number(name.split('-')[0]), record?.started ?? null)) return [];
    if (record) return [{ folder: record.folder, forget: () => discard(path) }];
    discard(path);
    return [];
  });
}

function recordNames(home: string): string[] {
  try {
    return readdirSync(recordsFolder(home)).filter((name) => /^\d+-\d+\.json$/.test(name));
  } catch {
    // No run has been made yet.
    return [];
  }
}

function read(path: string): z.infer<typeof recordSchema> | undefined {
  try {
    return recordSchema.safeParse(readJsonFile(path)).data;
  } catch {
    return undefined;
  }
}

function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It stays, and is looked at again.
  }
}

function recordsFolder(home: string): string {
  return join(home, 'making');
}
