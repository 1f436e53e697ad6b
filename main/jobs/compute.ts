import { fileURLToPath } from 'node:url';
import { CupbearerError, fromErrorRecord, smallerBatchHelps } from '../../shared/errors.ts';
import type { RunOutcome } from '../runs/run-definition.ts';
import { forkProcess, type ProcessEnd, type ProcessLauncher } from './child-process.ts';
import { appendJsonLine } from '../storage/run-folder.ts';
import { engineHints } from '../tensor/engine.ts';
import { deadlyEngines, EngineCrash, howItEnded, OpeningFollower } from './deadly-engines.ts';
import type { ComputeMessage, ComputeRequest, ComputeResults, HostMessage, Job, RunEvent } from './protocol.ts';
import { parameter, worded } from '../../shared/wording.ts';

const entry = fileURLToPath(new URL('./compute-process.ts', import.meta.url));

/** How long a cancelled run gets to reach its next batch before it is killed. */
const cancelGraceMs = 20_000;

/** How a compute process is started, and who is told about it. */
export interface ComputeOptions {
  signal?: AbortSignal | undefined;
  onEvent?: (event: RunEvent) => void;
  launch?: ProcessLauncher | undefined;
  /** Variables added to those of this process. */
  env?: Readonly<Record<string, string>>;
  /** Called with each line of its error output. */
  onErrorLine?: (line: string) => void;
}

/**
 * Executes a run in its own process, so that a crash there fails only this run.
 * @throws CupbearerError what the run threw; `crashed` if the process died; `cancelled` if `signal` aborted.
 */
export function runInComputeProcess(job: Job, options: ComputeOptions): Promise<RunOutcome> {
  return inComputeProcess({ type: 'run', job }, options);
}

/**
 * Sends a request to a new compute process. Resolves with the result. If opening an engine ends the process, the
 * request is retried in a process that does not load that engine, so that `auto` picks another one. A request for an
 * engine's status is not retried.
 * @throws CupbearerError as {@link runInComputeProcess}; {@link EngineCrash} for the status of an engine that ends its
 * process.
 */
export async function inComputeProcess<Type extends ComputeRequest['type']>(
  request: ComputeRequest & { type: Type },
  options: ComputeOptions,
): Promise<ComputeResults[Type]> {
  for (;;) {
    const avoid = request.type === 'engine-status' ? {} : deadlyEngines();
    try {
      // The process answers a request of this type with the result of this type.
      return (await inOneProcess(request, avoid, options)) as ComputeResults[Type];
    } catch (error) {
      const isDone = !(error instanceof EngineCrash) || request.type === 'engine-status' || error.engine in avoid;
      if (isDone) throw error;
    }
  }
}

function inOneProcess(
  request: ComputeRequest,
  avoid: Readonly<Record<string, string>>,
  options: ComputeOptions,
): Promise<ComputeResults[keyof ComputeResults]> {
  const { signal, onEvent, onErrorLine, env = {}, launch = forkProcess } = options;
  return new Promise((resolve, reject) => {
    const engines = new OpeningFollower();
    const keepInLog = (message: string, more = {}) => {
      if (request.type === 'run') appendToLog(request.job.folder, { message, ...more });
    };
    const child = launch<HostMessage, ComputeMessage>(entry, {
      env,
      onErrorLine: (line) => {
        onErrorLine?.(line);
        keepInLog(line, { source: 'stderr' });
      },
    });
    let settled = false;
    let killTimer: NodeJS.Timeout | undefined;

    const cancel = () => {
      child.send({ type: 'cancel' });
      killTimer = setTimeout(() => child.kill(), cancelGraceMs);
    };
    const settle = (act: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(killTimer);
      signal?.removeEventListener('abort', cancel);
      act();
    };

    const fail = (error: CupbearerError) =>
      settle(() => {
        keepInLog(error.message);
        reject(error);
      });

    child.onMessage((message) => {
      if (message.type === 'done') settle(() => resolve(message.result));
      else if (message.type === 'failed') fail(fromErrorRecord(message.error));
      else if (message.type === 'opening' || message.type === 'opened')
        engines.hear(message, (noted) => child.send(noted));
      else onEvent?.(message);
    });
    child.onEnd((end) => fail(signal?.aborted ? reasonOf(signal) : crash(end, request, engines)));

    signal?.addEventListener('abort', cancel, { once: true });
    child.send({ ...request, avoid });
    if (signal?.aborted) cancel();
  });
}

function reasonOf({ reason }: AbortSignal): CupbearerError {
  return reason instanceof CupbearerError ? reason : new CupbearerError('cancelled', 'Cancelled.');
}

/**
 * Writes what libraries (mostly TensorFlow) print to standard error, and why a run failed, to the log instead of the
 * terminal.
 */
function appendToLog(folder: string, entry: Record<string, string>): void {
  try {
    appendJsonLine(folder, 'log.jsonl', { time: new Date().toISOString(), ...entry });
  } catch {
    // If the folder cannot be written to, the run itself fails and says why.
  }
}

function crash(end: ProcessEnd, { type }: ComputeRequest, engines: OpeningFollower): CupbearerError {
  const { code, signal, errorOutput, cause } = end;
  if (cause) {
    return new CupbearerError('crashed', `The compute process could not be started: ${cause.message}`, { cause });
  }
  const { opening } = engines;
  const engine = engines.blame(end);
  if (engine !== undefined) return new EngineCrash(engine, engineHints.get(engine), end);
  const when =
    opening === undefined
      ? `in the middle of ${type === 'run' ? 'the run' : 'the test of an engine'}`
      : `while it opened the engine "${opening}"`;
  const isRun = type === 'run' && opening === undefined;
  const wasKilled = signal === 'SIGKILL';
  const mayWork = isRun
    ? worded`What was finished before is kept; a training can be resumed with ${parameter('resume')}.`
    : 'Try it again.';
  const smaller = isRun
    ? worded` A smaller ${parameter('batch_size')} needs less: a training can be resumed with ${parameter('resume')}.`
    : ' Close other programs and try it again.';
  return new CupbearerError('crashed', `The compute process ${howItEnded(end)} ${when}.`, {
    hint: wasKilled ? worded`Something killed it: perhaps the system ran out of memory.${smaller}` : mayWork,
    details: { code, signal, errorOutput, ...(wasKilled && isRun ? smallerBatchHelps : {}) },
  });
}
