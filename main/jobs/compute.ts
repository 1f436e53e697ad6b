import { fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CupbearerError, fromErrorRecord } from '../../shared/errors.ts';
import type { RunOutcome } from '../experiments/experiment.ts';
import { appendJsonLine } from '../storage/run-folder.ts';
import type { ComputeMessage, ComputeRequest, ComputeResults, HostMessage, Job, RunEvent } from './protocol.ts';

const entry = fileURLToPath(new URL('./compute-process.ts', import.meta.url));

/** Where Node keeps compiled code unless told otherwise; with it a process starts in half the time. */
const compileCache = join(tmpdir(), 'node-compile-cache');

/** Lines of the compute process' error output that are kept to explain a crash. */
const keptLines = 20;

/** How long a cancelled run may take to reach its next batch before it is killed. */
const cancelGraceMs = 20_000;

interface ComputeOptions {
  signal?: AbortSignal;
  onEvent?: (event: RunEvent) => void;
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
  return new Promise((resolve, reject) => {
    const child = fork(entry, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      env: { NODE_COMPILE_CACHE: compileCache, ...process.env, ...options.env },
    });
    const asked: ComputeRequest = request;
    const logFolder = asked.type === 'run' ? asked.job.folder : undefined;
    const errorOutput: string[] = [];
    let settled = false;
    let killTimer: NodeJS.Timeout | undefined;

    const tell = (message: HostMessage) => child.connected && child.send(message);
    const cancel = () => {
      tell({ type: 'cancel' });
      killTimer = setTimeout(() => child.kill('SIGKILL'), cancelGraceMs);
    };
    const settle = (act: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(killTimer);
      options.signal?.removeEventListener('abort', cancel);
      act();
    };

    createInterface({ input: child.stderr! }).on('line', (line) => {
      if (line.trim() === '') return;
      errorOutput.push(line);
      options.onErrorLine?.(line);
      errorOutput.splice(0, errorOutput.length - keptLines);
      if (logFolder !== undefined) keepInLog(logFolder, line);
    });
    child.on('message', (message: ComputeMessage) => {
      if (message.type === 'done') settle(() => resolve(message.result as ComputeResults[Type]));
      else if (message.type === 'failed') settle(() => reject(fromErrorRecord(message.error)));
      else options.onEvent?.(message);
    });
    child.on('error', (cause) =>
      settle(() =>
        reject(new CupbearerError('crashed', `The compute process could not be started: ${cause.message}`, { cause })),
      ),
    );
    child.on('close', (code, signal) =>
      settle(() => {
        if (options.signal?.aborted) reject(new CupbearerError('cancelled', 'Cancelled.'));
        else reject(crash(code, signal, errorOutput));
      }),
    );

    options.signal?.addEventListener('abort', cancel, { once: true });
    tell(request);
    if (options.signal?.aborted) cancel();
  });
}

/** Libraries (TensorFlow above all) say on standard error what they found and did: for the log, not for the terminal. */
function keepInLog(folder: string, line: string): void {
  try {
    appendJsonLine(folder, 'log.jsonl', { time: new Date().toISOString(), message: line, source: 'stderr' });
  } catch {
    // A folder that cannot be written to fails the run itself, which says why.
  }
}

function crash(code: number | null, signal: NodeJS.Signals | null, errorOutput: string[]): CupbearerError {
  const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
  return new CupbearerError('crashed', `The compute process ${how} in the middle of the run.`, {
    hint:
      signal === 'SIGKILL'
        ? 'Something killed it: perhaps the system ran out of memory. A smaller --batch_size needs less.'
        : 'What was finished before is kept; a training can go on with --resume.',
    details: { code, signal, errorOutput },
  });
}
