import { Worker } from 'node:worker_threads';
import { isProcessAlive, processIdentity, type ProcessIdentity } from '../storage/process-identity.ts';
import { recordProcess } from '../storage/process-records.ts';

const variable = 'CUPBEARER_HOST';

/** Returns the environment variable that tells a process that this one is its host. */
export function hostVariable(): Record<string, string> {
  return { [variable]: JSON.stringify(processIdentity()) };
}

/**
 * Records this process for the host's next start, and ends it within a second after its host, whatever it is doing. A
 * thread watches the host, because events reach the main thread only between two steps of a computation.
 */
export function endWithHost(): void {
  const host = JSON.parse(process.env[variable] ?? 'null') as ProcessIdentity | null;
  if (host === null) throw new Error(`Expected the host's process in ${variable}.`);
  const parent = process.ppid;
  recordProcess(host);
  // The host's successor may have looked before this process was on record, so it must not do anything from here on.
  if (!isProcessAlive(host.pid, host.started)) process.exit(1);
  const watcher = new Worker(new URL('./host-watcher.mjs', import.meta.url), {
    workerData: { host: host.pid, parent },
    // Options of this process, from the command line or the environment, are not meant for the thread.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 },
  });
  // The host writes it to the run's log. Between two steps the process still notices that its host is gone.
  watcher.on('error', (error) => process.stderr.write(`The host is not watched: ${String(error)}\n`));
  watcher.unref();
}
