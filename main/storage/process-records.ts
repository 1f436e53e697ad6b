import { join } from 'node:path';
import { z } from 'zod';
import { cupbearerHome } from './home.ts';
import { isProcessAlive, killProcess, processIdentity, type ProcessIdentity } from './process-identity.ts';
import { discardRecord, readRecordFile, recordNames, writeRecordFile } from './record-files.ts';

/** A process that computes for another one, its host. */
interface RecordedProcess extends ProcessIdentity {
  host: ProcessIdentity;
}

const identitySchema = z.object({ pid: z.int().positive(), started: z.string() });

/** What the file `<pid>.json` of a process holds. */
const recordSchema = z.object({ started: z.string(), host: identitySchema });

/** How long {@link endLeftOvers} waits. A process that was killed is gone within milliseconds. */
const patienceMs = 200;

/** Records this process in the program's own folder, as one that computes for `host`. */
export function recordProcess(host: ProcessIdentity): void {
  const { pid, started } = processIdentity();
  // Without it the process still ends with its host, but nothing can wait for that.
  writeRecordFile(recordPath(pid), { started, host });
}

/** Takes this process off the record: it writes nothing any more. */
export function forgetProcess(): void {
  discardRecord(recordPath(process.pid));
}

/** Whether a process, or one that computes for it, still runs. `started` as in {@link isProcessAlive}. */
export function isAtWork(pid: number, started: string | null): boolean {
  return (
    isProcessAlive(pid, started) || recordedProcesses().some(({ host }) => host.pid === pid && host.started === started)
  );
}

/**
 * Ends the processes whose host has gone without them. Those of hosts that still run are left alone. Returns whether
 * all have ended. One that has not is blocked by the system, or might be a later one with its number
 * (Windows).
 */
export function endLeftOvers(): boolean {
  const deadline = Date.now() + patienceMs;
  for (const process of leftOvers()) killProcess(process);
  while (leftOvers().length > 0) {
    if (Date.now() >= deadline) return false;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  return true;
}

function leftOvers(): RecordedProcess[] {
  return recordedProcesses().filter(({ host }) => !isProcessAlive(host.pid, host.started));
}

/** The processes on record that still run; the records of others are removed. */
function recordedProcesses(): RecordedProcess[] {
  return recordedNumbers().flatMap((pid) => {
    const record = readRecordFile(recordPath(pid), recordSchema);
    // A record that cannot be read may be one that its process is just writing.
    if (isProcessAlive(pid, record?.started ?? null)) return record === undefined ? [] : [{ pid, ...record }];
    discardRecord(recordPath(pid));
    return [];
  });
}

function recordedNumbers(): number[] {
  return recordNames(recordsFolder()).flatMap((name) => {
    const pid = /^(\d+)\.json$/.exec(name)?.[1];
    return pid === undefined ? [] : [Number(pid)];
  });
}

function recordsFolder(): string {
  return join(cupbearerHome(), 'processes');
}

function recordPath(pid: number): string {
  return join(recordsFolder(), `${pid}.json`);
}
