import { fileURLToPath } from 'node:url';
import { CupbearerError, fromErrorRecord } from '../../shared/errors.ts';
import type { ChildProcess, ProcessEnd, ProcessLauncher } from './child-process.ts';
import { OpeningFollower } from './deadly-engines.ts';
import {
  endMark,
  type ComputeMessage,
  type ComputeRequest,
  type ComputeResults,
  type HostMessage,
  type RunEvent,
} from './protocol.ts';

const entry = fileURLToPath(new URL('./compute-process.ts', import.meta.url));

/** How long a cancelled run gets to reach its next batch before it is killed. */
const cancelGraceMs = 20_000;

/** How long the host waits for the end of a request's error output. It follows the result within milliseconds. */
const lastLineMs = 1000;

/** Listeners to the progress of a request. */
interface Listeners {
  signal?: AbortSignal | undefined;
  onEvent?: ((event: RunEvent) => void) | undefined;
  /** Called with each line of the process's error output. */
  onErrorLine: (line: string) => void;
  /** Returns what is to be thrown if the process ends before it has answered. */
  onCrash: (end: ProcessEnd) => Error;
}

interface Pending extends Listeners {
  /** Number of the request. */
  number: number;
  /** The result, once it has come. */
  result?: ComputeResults[keyof ComputeResults];
  killTimer?: NodeJS.Timeout;
  lastLineTimer?: NodeJS.Timeout;
  cancel: () => void;
  resolve: (result: ComputeResults[keyof ComputeResults]) => void;
  reject: (error: Error) => void;
}

/** A compute process as the host sees it: answers one request after another, never two at once. */
export class ComputingProcess {
  readonly engines = new OpeningFollower();
  readonly #child: ChildProcess<HostMessage, ComputeMessage>;
  readonly #onGone = new Set<() => void>();
  #pending: Pending | undefined;
  #number = 0;
  #stays = false;
  #isGone = false;

  constructor(launch: ProcessLauncher, env: Readonly<Record<string, string>>) {
    this.#child = launch<HostMessage, ComputeMessage>(entry, { env, onErrorLine: (line) => this.#hearLine(line) });
    this.#child.onMessage((message) => this.#hear(message));
    this.#child.onEnd((end) => this.#end(end));
  }

  /** Whether it waits for another request: it has answered one and nothing of that can reach the next. */
  get isFree(): boolean {
    return this.#stays && !this.#isGone && this.#pending === undefined;
  }

  /** `listener` is called when the process has ended. */
  onGone(listener: () => void): void {
    this.#onGone.add(listener);
  }

  kill(): void {
    this.#stays = false;
    this.#child.kill();
  }

  /**
   * Resolves with the result. `avoid`: engines that must not be opened, and the reason.
   * @throws what the request threw; what `onCrash` returns.
   */
  ask(
    request: ComputeRequest,
    avoid: Readonly<Record<string, string>>,
    listeners: Listeners,
  ): Promise<ComputeResults[keyof ComputeResults]> {
    this.#stays = false;
    const { signal } = listeners;
    return new Promise((resolve, reject) => {
      const number = ++this.#number;
      const pending: Pending = { ...listeners, number, resolve, reject, cancel: () => this.#cancel(pending) };
      this.#pending = pending;
      signal?.addEventListener('abort', pending.cancel, { once: true });
      this.#child.send({ ...request, avoid, number });
      if (signal?.aborted) pending.cancel();
    });
  }

  #cancel(pending: Pending): void {
    this.#child.send({ type: 'cancel' });
    pending.killTimer = setTimeout(() => this.#child.kill(), cancelGraceMs);
  }

  #hear(message: ComputeMessage): void {
    if (message.type === 'opening' || message.type === 'opened')
      return this.engines.hear(message, (noted) => this.#child.send(noted));
    const pending = this.#pending;
    if (!pending) return;
    if (message.type === 'failed') return this.#settle(() => pending.reject(fromErrorRecord(message.error)));
    if (message.type !== 'done') return pending.onEvent?.(message);
    this.#release(pending);
    pending.result = message.result;
    if (!message.stays || pending.signal?.aborted) {
      // Somebody wanted it to stop: it may yet hear of that, in the middle of what comes next.
      if (message.stays) this.kill();
      return this.#settle(() => pending.resolve(message.result));
    }
    // What it writes to its error output comes another way and later. It belongs to this request, not to the next.
    pending.lastLineTimer = setTimeout(() => {
      this.kill();
      this.#settle(() => pending.resolve(message.result));
    }, lastLineMs);
  }

  #hearLine(line: string): void {
    const pending = this.#pending;
    if (!pending) return;
    if (line !== endMark(pending.number)) return pending.onErrorLine(line);
    const { result } = pending;
    if (result === undefined) return;
    this.#stays = true;
    this.#settle(() => pending.resolve(result));
  }

  #end(end: ProcessEnd): void {
    this.#isGone = true;
    const pending = this.#pending;
    if (pending) {
      const { result, signal } = pending;
      const errorOutput = end.errorOutput.slice(end.errorOutput.lastIndexOf(endMark(pending.number - 1)) + 1);
      this.#settle(() => {
        if (result !== undefined) pending.resolve(result);
        else pending.reject(signal?.aborted ? reasonOf(signal) : pending.onCrash({ ...end, errorOutput }));
      });
    }
    for (const listener of this.#onGone) listener();
  }

  #settle(act: () => void): void {
    if (!this.#pending) return;
    this.#release(this.#pending);
    clearTimeout(this.#pending.lastLineTimer);
    this.#pending = undefined;
    act();
  }

  /** Nobody can cancel a request that was answered. */
  #release({ killTimer, signal, cancel }: Pending): void {
    clearTimeout(killTimer);
    signal?.removeEventListener('abort', cancel);
  }
}

function reasonOf({ reason }: AbortSignal): CupbearerError {
  return reason instanceof CupbearerError ? reason : new CupbearerError('cancelled', 'Cancelled.');
}
