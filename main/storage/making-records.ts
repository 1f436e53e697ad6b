import { join } from 'node:path';
import { z } from 'zod';
import { isProcessAlive, processIdentity } from './process-identity.ts';
import { discardRecord, readRecordFile, recordNames, writeRecordFile } from './record-files.ts';

/** What the file `<pid>-<count>.json` holds: the folder of a run, and the start of the process that makes the run. */
const recordSchema = z.object({ folder: z.string().min(1), started: z.string() });

let count = 0;

/**
 * Calls `make`, which makes a run in a folder, and keeps a record of the folder in the program's own one meanwhile: the catalogue
 * does not know it yet, and what a kill leaves in it could not be found.
 */
export function whileMaking<T>(home: string, folder: string, make: () => T): T {
  const { pid, started } = processIdentity();
  const path = join(recordsFolder(home), `${pid}-${count++}.json`);
  writeRecordFile(path, { folder, started });
  try {
    return make();
  } finally {
    discardRecord(path);
  }
}

/** A folder in which a process that has gone was making a run. */
interface CutOffMaking {
  folder: string;
  /** Removes the record, once the folder is tidy. */
  forget: () => void;
}

/** The folders on record whose process has gone. */
export function cutOffMakings(home: string): CutOffMaking[] {
  return recordNames(recordsFolder(home)).flatMap((name) => {
    const pid = /^(\d+)-\d+\.json$/.exec(name)?.[1];
    if (pid === undefined) return [];
    const path = join(recordsFolder(home), name);
    const record = readRecordFile(path, recordSchema);
    if (isProcessAlive(Number(pid), record?.started ?? null)) return [];
    if (record) return [{ folder: record.folder, forget: () => discardRecord(path) }];
    discardRecord(path);
    return [];
  });
}

function recordsFolder(home: string): string {
  return join(home, 'making');
}
