import { fileURLToPath } from 'node:url';
import { CupbearerError, fromErrorRecord, smallerBatchHelps } from '../../shared/errors.ts';
import type { RunOutcome } from '../experiments/experiment.ts';
import { forkProcess, type ProcessEnd, type ProcessLauncher } from './child-process.ts';
import { appendJsonLine } from '../storage/run-folder.ts';
import type { ComputeMessage, ComputeRequest, ComputeResults, HostMessage, Job, RunEvent } from './protocol.ts';

const entry = fileURLToPath(new URL('./compute-process.ts', import.meta.url));

/** How long a cancelled run may take to reach its next batch before it is killed. */
const cancelGraceMs = 20_000;

interface ComputeOptions {
  signal?: AbortSignal;
  onEvent?: (event: RunEvent) => void;
  launch?: ProcessLauncher;
  /** Variables that the process gets beside those of this one. */
  env?: Readonly<Record<string, string>>;
  /** Hears each line of its error output. */
  onErrorLine?: (line: string) => void;
}

/**
 * Does a run in a process of its own, so that a crash there fails this run and nothing else.
 * @throws CupbearerError what the run threw; `crashed` where the process died; `cancelled` where `signal` was given.
 */
export function runInComputeProcess(job: Job, options: ComputeOptions): Promise<RunOutcome> {
  return inComputeProcess({ type: 'run', job }, options);
}

/**
 * Has a new compute process do what is asked, and gives what came of it.
 * @throws CupbearerError as {@link runInComputeProcess}.
 */
export function inComputeProcess<Type extends ComputeRequest['type']>(
  request: ComputeRequest & { type: Type },
  options: ComputeOptions,
): Promise<ComputeResults[Type]> {
  const { signal, onEvent, onErrorLine, env = {}, launch = forkProcess } = options;
  return new Promise((resolve, reject) => {
    const asked: ComputeRequest = request;
    const keepInLog = (message: string, more = {}) => {
      if (asked.type === 'run') appendToLog(asked.job.folder, { message, ...more });
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
      if (message.type === 'done') settle(() => resolve(message.result as ComputeResults[Type]));
      else if (message.type === 'failed') fail(fromErrorRecord(message.error));
      else onEvent?.(message);
    });
    child.onEnd((end) => fail(signal?.aborted ? reasonOf(signal) : crash(end)));

    signal?.addEventListener('abort', cancel, { once: true });
    child.send(request);
    if (signal?.aborted) cancel();
  });
}

function reasonOf({ reason }: AbortSignal): CupbearerError {
  return reason instanceof CupbearerError ? reason : new CupbearerError('cancelled', 'Cancelled.');
}

/** What libraries (TensorFlow above all) say on standard error, and why a run failed: for the log, not for the terminal. */
function appendToLog(folder: string, entry: Record<string, string>): void {
  try {
    appendJsonLine(folder, 'log.jsonl', { time: new Date().toISOString(), ...entry });
  } catch {
    // A folder that cannot be written to fails the run itself, which says why.
  }
}

function crash({ code, signal, errorOutput, cause }: ProcessEnd): CupbearerError {
  if (cause) {
    return new CupbearerError('crashed', `The compute process could not be started: ${cause.message}`, { cause });
  }
  const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
  return new CupbearerError('crashed', `The compute process ${how} in the middle of the run.`, {
    hint:
      signal === 'SIGKILL'
        ? 'Something killed it: perhaps the system ran out of memory. A smaller --batch_size needs less: a training goes on with --resume --batch_size N.'
        : 'What was finished before is kept; a training can go on with --resume.',
    details: { code, signal, errorOutput, ...(signal === 'SIGKILL' ? smallerBatchHelps : {}) },
  });
}
