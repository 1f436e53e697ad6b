/** Entry point of the compute process: does one run that the host hands over, and tells how it goes. */
import { fromErrorRecord, toErrorRecord } from '../../shared/errors.ts';
import { experimentRegistry } from '../experiments/index.ts';
import { appendJsonLine } from '../storage/run-folder.ts';
import { toStorageError } from '../storage/storage-error.ts';
import { startEngine } from '../tensor/engine.ts';
import { hostPort } from './host-port.ts';
import type { ComputeMessage, HostMessage, Job } from './protocol.ts';
import { throttleProgress } from './throttle.ts';

const abort = new AbortController();

const host = hostPort<HostMessage, ComputeMessage>();

host.onMessage((message) => {
  if (message.type === 'cancel') abort.abort();
  else void work(message.job);
});
// A terminal sends Ctrl-C to both processes; the host decides what it means and says so.
process.on('SIGINT', () => undefined);

async function work(job: Job): Promise<void> {
  const progress = throttleProgress((phase, done, total, note) =>
    host.send({ type: 'progress', phase, done, total, ...(note === undefined ? {} : { note }) }),
  );
  const log = (message: string) => {
    const entry = { time: new Date().toISOString(), message };
    appendJsonLine(job.folder, 'log.jsonl', { ...entry });
    progress.flush();
    host.send({ type: 'log', ...entry });
  };
  try {
    const engine = await startEngine(job.engine);
    host.send({ type: 'engine', engine });
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
    host.finish({ type: 'done', outcome });
  } catch (error) {
    progress.flush();
    host.finish({ type: 'failed', error: toErrorRecord(asExpected(error, job)) });
  }
}

/** A full disk or a read-only folder shows as a system error wherever a run writes. */
function asExpected(error: unknown, job: Job): unknown {
  if (error instanceof Error && 'code' in error && 'syscall' in error)
    return toStorageError(error, `write to the run folder "${job.folder}"`);
  return error instanceof Error ? error : fromErrorRecord(toErrorRecord(error));
}
