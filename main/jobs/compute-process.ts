/** Entry point of the compute process: answers the requests of the host, one after another, and reports progress. */
import { fromErrorRecord, toErrorRecord } from '../../shared/errors.ts';
import { formatDuration } from '../../shared/format.ts';
import type { RunOutcome } from '../runs/run-definition.ts';
import { doRun } from '../runs/index.ts';
import { usePluginsOf } from '../runs/plugins.ts';
import { openActivations } from '../runs/open-activations.ts';
import { speedTest } from '../runs/speed-test.ts';
import { endPluginProcesses } from '../plugins/shared-processes.ts';
import { KeptDatasets } from '../data/kept-datasets.ts';
import { removeLeftoversOfRun } from '../storage/leftovers.ts';
import { measurePeakMemory } from '../storage/peak-memory.ts';
import { toStorageError } from '../storage/storage-error.ts';
import { engineStatus, mayBeReplaced, startEngine, tensorCount } from '../tensor/engine.ts';
import { avoidEngines } from '../tensor/engine-openings.ts';
import { chooseThreads } from '../tensor/thread-choice.ts';
import { useProcessors } from '../tensor/threads/processors.ts';
import { tellOpenings } from './engine-news.ts';
import { hostPort } from './host-port.ts';
import {
  endMark,
  type ComputeMessage,
  type ComputeRequest,
  type ComputeResults,
  type HostMessage,
  type Job,
  type SentRequest,
} from './protocol.ts';
import { RunLog } from './run-log.ts';
import { throttleProgress } from './throttle.ts';
import { given } from '../../shared/given.ts';

type Progress = ReturnType<typeof throttleProgress>;

/** A process that takes more than this after a run ends with it. The next one starts small. */
const mostBytesKept = 768 * 2 ** 20;

/** Of the request that is being worked on. */
let abort = new AbortController();
const keeper = new KeptDatasets();

const host = hostPort<HostMessage, ComputeMessage>();

tellOpenings(host);
host.onMessage((message) => {
  if (message.type === 'cancel') abort.abort();
  else if (message.type !== 'opening-noted') void work(message);
});
// A terminal sends Ctrl-C to both processes. The host decides what it means, and tells this one.
process.on('SIGINT', () => undefined);

async function work({ avoid, number, ...request }: SentRequest): Promise<void> {
  abort = new AbortController();
  avoidEngines(avoid);
  let isOver = false;
  // What comes late, from a thread or a promise that nobody awaited, must not reach the next request.
  const send = (message: ComputeMessage) => void (isOver || host.send(message));
  const progress = throttleProgress((phase, done, total, note) =>
    send({ type: 'progress', phase, done, total, ...given({ note }) }),
  );
  try {
    const { result, stays } = await answer(request, { progress, send });
    progress.flush();
    isOver = true;
    if (!stays) return host.finish({ type: 'done', result, stays });
    host.send({ type: 'done', result, stays });
    process.stderr.write(`\n${endMark(number)}\n`);
  } catch (error) {
    progress.flush();
    isOver = true;
    host.finish({ type: 'failed', error: toErrorRecord(asExpected(error, request)) });
  }
}

/** What a request reports to. */
interface Reports {
  progress: Progress;
  send: (message: ComputeMessage) => void;
}

/** Resolves with the result, and whether the process is as good as a new one then. */
async function answer(
  request: ComputeRequest,
  reports: Reports,
): Promise<{ result: ComputeResults[keyof ComputeResults]; stays: boolean }> {
  switch (request.type) {
    case 'run':
      return await run(request.job, reports);
    case 'engine-status':
      return { result: await engineStatus(request.engine), stays: false };
    case 'speed-test': {
      const result = await speedTest(request.engine, {
        signal: abort.signal,
        progress: (done, total, what) => reports.progress('Speed test', done, total, what),
      });
      return { result, stays: false };
    }
  }
}

async function run(job: Job, { progress, send }: Reports): Promise<{ result: RunOutcome; stays: boolean }> {
  const peak = measurePeakMemory();
  await removeLeftoversOfRun(job.folder);
  const log = new RunLog(job.folder, (line) => {
    progress.flush();
    send({ type: 'log', ...line });
  });
  const say = (message: string) => log.say(message);
  useProcessors(job.processors);
  // Chosen as in a new process, which also says why others were not taken.
  const engine = await startEngine(job.engine, { warn: say, afresh: true });
  await chooseThreads();
  const tensors = tensorCount();
  send({ type: 'engine', engine });
  log.keep(`${engine.title} on ${engine.device}`);
  for (const [id, reason] of Object.entries(engine.passedOver ?? {})) log.keep(`Not "${id}": ${reason}`);
  for (const note of engine.notes ?? []) say(`${engine.title}: ${note}`);
  usePluginsOf(job.spec.params);
  const result = await doRun(job.spec, {
    folder: job.folder,
    dataDir: job.dataDir,
    engine,
    keeper,
    activations: await openActivations(say),
    resume: job.resume,
    signal: abort.signal,
    progress: (phase, ...rest) => {
      log.phase(phase);
      progress(phase, ...rest);
    },
    log: say,
  }).finally(endPluginProcesses);
  log.keep(outcomeLine(result));
  send({ type: 'memory', peakBytes: peak() });
  const isClean = tensorCount() === tensors && process.memoryUsage.rss() <= mostBytesKept;
  // A process that has loaded an engine would not notice that it was replaced before the next run.
  return { result, stays: !mayBeReplaced(engine.id) && isClean };
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
