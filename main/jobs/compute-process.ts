/** Entry point of the compute process: does one run that the host hands over, and tells how it goes. */
import { fromErrorRecord, toErrorRecord } from '../../shared/errors.ts';
import { experimentRegistry } from '../experiments/index.ts';
import { appendJsonLine } from '../storage/run-folder.ts';
import { toStorageError } from '../storage/storage-error.ts';
import { startEngine } from '../tensor/engine.ts';
import type { ComputeMessage, HostMessage, Job } from './protocol.ts';
import { throttleProgress } from './throttle.ts';

const abort = new AbortController();

function send(message: ComputeMessage): void {
  // Once the host is gone there is nobody to tell; `disconnect` ends the process.
  if (process.connected) process.send!(message);
}

process.on('message', (message: HostMessage) => {
  if (message.type === 'cancel') abort.abort();
  else void work(message.job);
});
// A terminal sends Ctrl-C to both processes; the host decides what it means and says so.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(1));

async function work(job: Job): Promise<void> {
  const progress = throttleProgress((phase, done, total, note) =>
    send({ type: 'progress', phase, done, total, ...(note === undefined ? {} : { note }) }),
  );
  const log = (message: string) => {
    const entry = { time: new Date().toISOString(), message };
    appendJsonLine(job.folder, 'log.jsonl', { ...entry });
    progress.flush();
    send({ type: 'log', ...entry });
  };
  try {
    const engine = await startEngine(job.engine, log);
    send({ type: 'engine', engine });
    const outcome = await experimentRegistry.get(job.experiment).run(job.spec, {
      folder: job.folder,
      dataDir: job.dataDir,
      engine,
      resume: job.resume,
      signal: abort.signal,
      progress,
      log,
    });
    progress.flush();
    finish({ type: 'done', outcome });
  } catch (error) {
    progress.flush();
    finish({ type: 'failed', error: toErrorRecord(asExpected(error, job)) });
  }
}

/** A full disk or a read-only folder shows as a system error wherever a run writes. */
function asExpected(error: unknown, job: Job): unknown {
  if (error instanceof Error && 'code' in error && 'syscall' in error)
    return toStorageError(error, `write to the run folder "${job.folder}"`);
  return error instanceof Error ? error : fromErrorRecord(toErrorRecord(error));
}

function finish(message: ComputeMessage): void {
  process.send!(message, () => process.disconnect());
}
