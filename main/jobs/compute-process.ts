/** Entry point of the compute process: answers one request of the host and reports progress. */
import { fromErrorRecord, toErrorRecord } from '../../shared/errors.ts';
import { formatDuration } from '../../shared/format.ts';
import type { RunOutcome } from '../runs/run-definition.ts';
import { doRun } from '../runs/index.ts';
import { openActivations } from '../runs/open-activations.ts';
import { speedTest } from '../runs/speed-test.ts';
import { removeLeftoversOfRun } from '../storage/leftovers.ts';
import { toStorageError } from '../storage/storage-error.ts';
import { engineStatus, startEngine } from '../tensor/engine.ts';
import { avoidEngines } from '../tensor/engine-openings.ts';
import { tellOpenings } from './engine-news.ts';
import { hostPort } from './host-port.ts';
import type { ComputeMessage, ComputeRequest, ComputeResults, HostMessage, Job, SentRequest } from './protocol.ts';
import { RunLog } from './run-log.ts';
import { throttleProgress } from './throttle.ts';
import { given } from '../../shared/given.ts';

type Progress = ReturnType<typeof throttleProgress>;

const abort = new AbortController();

const host = hostPort<HostMessage, ComputeMessage>();

tellOpenings(host);
host.onMessage((message) => {
  if (message.type === 'cancel') abort.abort();
  else if (message.type !== 'opening-noted') void work(message);
});
// A terminal sends Ctrl-C to both processes. The host decides what it means, and tells this one.
process.on('SIGINT', () => undefined);

async function work({ avoid, ...request }: SentRequest): Promise<void> {
  avoidEngines(avoid);
  const progress = throttleProgress((phase, done, total, note) =>
    host.send({ type: 'progress', phase, done, total, ...given({ note }) }),
  );
  try {
    const result = await answer(request, progress);
    progress.flush();
    host.finish({ type: 'done', result });
  } catch (error) {
    progress.flush();
    host.finish({ type: 'failed', error: toErrorRecord(asExpected(error, request)) });
  }
}

function answer(request: ComputeRequest, progress: Progress): Promise<ComputeResults[keyof ComputeResults]> {
  switch (request.type) {
    case 'run':
      return run(request.job, progress);
    case 'engine-status':
      return engineStatus(request.engine);
    case 'speed-test':
      return speedTest(request.engine, {
        signal: abort.signal,
        progress: (done, total, what) => progress('Speed test', done, total, what),
      });
  }
}

async function run(job: Job, progress: Progress): Promise<RunOutcome> {
  await removeLeftoversOfRun(job.folder);
  const log = new RunLog(job.folder, (line) => {
    progress.flush();
    host.send({ type: 'log', ...line });
  });
  const say = (message: string) => log.say(message);
  const engine = await startEngine(job.engine, { warn: say });
  host.send({ type: 'engine', engine });
  log.keep(`${engine.title} on ${engine.device}`);
  for (const [id, reason] of Object.entries(engine.passedOver ?? {})) log.keep(`Not "${id}": ${reason}`);
  for (const note of engine.notes ?? []) say(`${engine.title}: ${note}`);
  const outcome = await doRun(job.spec, {
    folder: job.folder,
    dataDir: job.dataDir,
    engine,
    activations: await openActivations(say),
    resume: job.resume,
    signal: abort.signal,
    progress: (phase, ...rest) => {
      log.phase(phase);
      progress(phase, ...rest);
    },
    log: say,
  });
  log.keep(outcomeLine(outcome));
  return outcome;
}

/** "Done: training 3.1 s, total 3.8 s". */
function outcomeLine({ timings }: RunOutcome): string {
  return `Done: ${Object.entries(timings)
    .map(([phase, ms]) => `${phase} ${formatDuration(ms)}`)
    .join(', ')}`;
}

/** Turns system errors into sentences: a full disk or a read-only folder may show wherever a run writes. */
function asExpected(error: unknown, request: ComputeRequest): unknown {
  if (request.type === 'run' && error instanceof Error && 'code' in error && 'syscall' in error)
    return toStorageError(error, `write to the run folder "${request.job.folder}"`);
  return error instanceof Error ? error : fromErrorRecord(toErrorRecord(error));
}
