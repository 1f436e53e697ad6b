import { CupbearerError, smallerBatchHelps } from '../../shared/errors.ts';
import type { RunOutcome } from '../runs/run-definition.ts';
import { forkProcess, type ProcessEnd, type ProcessLauncher } from './child-process.ts';
import { appendJsonLine } from '../storage/run-folder.ts';
import { engineHints } from '../tensor/engine.ts';
import { ComputingProcess } from './computing-process.ts';
import { deadlyEngines, EngineCrash, howItEnded, type OpeningFollower } from './deadly-engines.ts';
import type { KeptProcesses } from './kept-processes.ts';
import type { ComputeRequest, ComputeResults, Job, RunEvent } from './protocol.ts';
import { parameter, worded } from '../../shared/wording.ts';

/** How a compute process is started, and its listeners. */
export interface ComputeOptions {
  signal?: AbortSignal | undefined;
  onEvent?: (event: RunEvent) => void;
  launch?: ProcessLauncher | undefined;
  /** Variables added to those of this process. */
  env?: Readonly<Record<string, string>>;
  /** Called with each line of its error output. */
  onErrorLine?: (line: string) => void;
}

/** How the process of a run is started, and where it waits for the next run. */
interface RunOptions extends ComputeOptions {
  /** Takes a process from here if one waits, and leaves it here if the run succeeds; a new one for this run if left out. */
  kept?: KeptProcesses | undefined;
}

/**
 * Executes a run in a process that does nothing else meanwhile, so that a crash there fails only this run.
 * @throws CupbearerError what the run threw; `crashed` if the process died; `cancelled` if `signal` aborted.
 */
export function runInComputeProcess(job: Job, options: RunOptions): Promise<RunOutcome> {
  return inComputeProcess({ type: 'run', job }, options);
}

/**
 * Sends a request to a compute process. Resolves with the result. If opening an engine ends the process, the request is
 * retried in a process that does not load that engine, so that `auto` picks another one. A request for an engine's
 * status is not retried.
 * @throws CupbearerError as {@link runInComputeProcess}; {@link EngineCrash} for the status of an engine that ends its
 * process.
 */
export async function inComputeProcess<Type extends ComputeRequest['type']>(
  request: ComputeRequest & { type: Type },
  options: RunOptions,
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

async function inOneProcess(
  request: ComputeRequest,
  avoid: Readonly<Record<string, string>>,
  { signal, onEvent, onErrorLine, env = {}, launch = forkProcess, kept }: RunOptions,
): Promise<ComputeResults[keyof ComputeResults]> {
  const keepInLog = (message: string, more = {}) => {
    if (request.type === 'run') appendToLog(request.job.folder, { message, ...more });
  };
  const key = keyOf(request, avoid, env);
  const computing = kept?.take(key) ?? new ComputingProcess(launch, env);
  try {
    const result = await computing.ask(request, avoid, {
      signal,
      onEvent,
      onErrorLine: (line) => {
        onErrorLine?.(line);
        keepInLog(line, { source: 'stderr' });
      },
      onCrash: (end) => crash(end, request, computing.engines),
    });
    if (kept) kept.put(key, computing);
    else if (computing.isFree) computing.kill();
    return result;
  } catch (error) {
    if (error instanceof Error) keepInLog(error.message);
    throw error;
  }
}

/**
 * Returns what a process must have been started with to be used for a request: one that would be started now has the
 * same engine, the same engines to avoid and the same environment.
 */
function keyOf(
  request: ComputeRequest,
  avoid: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): string {
  const engine = request.type === 'run' ? request.job.engine : request.engine;
  return JSON.stringify([engine, avoid, process.env, env]);
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
