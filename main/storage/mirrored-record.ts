import { existsSync } from 'node:fs';
import type { RunRecord } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { CatalogueRun } from './catalogue-rows.ts';
import { isProcessAlive } from './process-identity.ts';
import { holdsRecord, readRecord, writeRecord } from './run-folder.ts';

/** Changes to a run whose process is gone. */
export const cutOff = {
  status: 'interrupted' as const,
  error: { code: 'crashed' as const, message: 'The process that did this run ended without finishing it.' },
};

/**
 * Returns a run as its folder has it, or as interrupted if that names a process that does not run it. The folder may
 * name any process number; the start time that our processes record tells them apart.
 */
export function asFound(record: RunRecord): RunRecord {
  const { status, host_pid: pid, host_started: started } = record;
  if (status !== 'running' && status !== 'queued') return record;
  return pid !== null && started !== null && isProcessAlive(pid, started) ? record : { ...record, ...cutOff };
}

/** Returns what `run.json` in a folder says; undefined if it cannot be read. */
export function recordIn(folder: string): RunRecord | undefined {
  try {
    return readRecord(folder);
  } catch (error) {
    if (error instanceof CupbearerError) return undefined;
    throw error;
  }
}

/** Writes `run.json` if the folder exists and does not belong to another run by now. */
export function writeIntoFolder({ damage, ...record }: CatalogueRun): void {
  if (!existsSync(record.folder) || belongsToAnother(record)) return;
  if (!damage) writeRecord(record.folder, record);
  else if (holdsRecord(record.folder)) {
    // The folder has what the row has lost; a stand-in must not replace it.
    const readable = Object.entries(record).filter(([key]) => !damage.fields.includes(key as keyof RunRecord));
    writeRecord(record.folder, { ...readRecord(record.folder), ...Object.fromEntries(readable) });
  }
}

function belongsToAnother({ id, folder }: RunRecord): boolean {
  try {
    return readRecord(folder).id !== id;
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    // A missing or damaged record is written again. One of a newer version holds more than this program would write.
    return error.details?.['found_format'] !== undefined;
  }
}
