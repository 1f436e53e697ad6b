import type { ComputingProcess } from './computing-process.ts';

/** How long a process waits for the next run. It holds memory, and perhaps a GPU; the runs of a queue follow at once. */
const idleMs = 10_000;

interface Kept {
  /** What it was started with, as text. */
  key: string;
  timer: NodeJS.Timeout;
}

/**
 * Compute processes whose last run has succeeded, for the next runs: most of a small run's time is the start of its
 * process. A process works on one run at a time, and one that was not asked for a while is ended.
 */
export class KeptProcesses {
  readonly #idleMs: number;
  readonly #kept = new Map<ComputingProcess, Kept>();
  #closed = false;

  constructor(options: { idleMs?: number } = {}) {
    this.#idleMs = options.idleMs ?? idleMs;
  }

  /** How many processes wait. */
  get count(): number {
    return this.#kept.size;
  }

  /**
   * Returns a process that was started with `key`, which nobody else gets then; undefined if none waits. Ends the
   * others: they hold memory that the caller is about to need.
   */
  take(key: string): ComputingProcess | undefined {
    const found = [...this.#kept].find(([process, kept]) => kept.key === key && process.isFree)?.[0];
    if (found) this.#forget(found);
    else this.release();
    return found;
  }

  /** Keeps a process that has answered; ends it if that is not possible. */
  put(key: string, process: ComputingProcess): void {
    if (this.#closed || !process.isFree) return process.kill();
    const end = () => {
      this.#forget(process);
      process.kill();
    };
    this.#kept.set(process, { key, timer: setTimeout(end, this.#idleMs).unref() });
    process.onGone(() => this.#forget(process));
  }

  /** Ends all that wait, for the memory that they hold. */
  release(): void {
    for (const process of [...this.#kept.keys()]) {
      this.#forget(process);
      process.kill();
    }
  }

  /** Ends all that wait, and each that would be kept from now on. */
  close(): void {
    this.#closed = true;
    this.release();
  }

  #forget(process: ComputingProcess): void {
    clearTimeout(this.#kept.get(process)?.timer);
    this.#kept.delete(process);
  }
}
