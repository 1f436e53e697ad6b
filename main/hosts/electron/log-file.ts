import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { toErrorRecord } from '../../../shared/errors.ts';
import { createPrivateFolder } from '../../storage/private-files.ts';

/** A log that is larger at the start becomes the old one. */
const largestBytes = 1_000_000;

/**
 * Opens `main.log` in `folder`. Returns a function that writes a line with its time, and does nothing if that fails.
 */
export function openLog(folder: string): (line: string) => void {
  const path = join(folder, 'main.log');
  try {
    createPrivateFolder(folder);
    if (existsSync(path) && statSync(path).size > largestBytes) renameSync(path, join(folder, 'main.old.log'));
  } catch {
    // The log is for reports of defects; the program runs without.
  }
  return (line) => {
    try {
      appendFileSync(path, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
    } catch {
      // As above.
    }
  };
}

/** Logs uncaught errors of this process. Does not change what happens next: Electron informs the user. */
export function logUncaught(log: (line: string) => void): void {
  const stackOf = (thrown: unknown) => toErrorRecord(thrown).stack ?? String(thrown);
  process.on('uncaughtExceptionMonitor', (error) => log(`Uncaught: ${stackOf(error)}`));
  process.on('unhandledRejection', (reason) => log(`Unhandled: ${stackOf(reason)}`));
}
