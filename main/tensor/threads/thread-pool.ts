import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { CupbearerError } from '../../../shared/errors.ts';
import type { HelperData } from './helper.ts';
import {
  ARGUMENTS,
  DONE,
  FAILED,
  FUNCTION,
  MOST_PARTS,
  OPEN,
  READY,
  SLEEPING,
  SLOT,
  WAITING,
  createTask,
  type PartFunction,
  type SharedModule,
  type Task,
} from './task.ts';
import { Worth } from './worth.ts';

/** How often the calling thread looks whether the last parts are done before it sleeps, some tens of microseconds. */
const LOOKS = 4000;
/** How long it sleeps before it looks whether a helper has ended. */
const SLICE_MS = 500;

/** The clock and the processor time of this thread, milliseconds. */
function now(): { clock: number; processor: number } {
  const { user, system } = process.threadCpuUsage();
  return { clock: performance.now(), processor: (user + system) / 1000 };
}

interface Helper {
  worker: Worker;
  modules: MessagePort;
  /** Resolves once it looks for tasks, or has ended. */
  ready: Promise<void>;
}

interface PoolOptions {
  patienceMs?: number;
  isForced?: boolean;
}

/**
 * Threads that work on tasks together with the one that calls, in memory that they share. A task is a function of a
 * WebAssembly module, called once for each of its parts. A thread that is free takes the next part, the caller included, and a
 * helper that has no processor to run on takes none: nobody waits for it. Where helpers cost more than they gain they
 * are left alone for a while.
 */
export class ThreadPool {
  /** Threads in all, with the one that calls. */
  readonly threads: number;
  /** Whether helpers are asked also where they cost more than they bring, for tests. */
  readonly isForced: boolean;
  readonly #patienceMs: number;
  readonly #modules = new Map<number, SharedModule>();
  #helpers: Helper[] = [];
  #task: Task = createTask();
  #generation = 0;
  #nextSlot = 0;
  #fault: CupbearerError | undefined;
  readonly #worth = new Worth();

  /**
   * `patienceMs`: how long a part may take after all others are done before its thread counts as dead.
   */
  constructor(threads: number, { patienceMs = 60_000, isForced = false }: PoolOptions = {}) {
    this.threads = threads;
    this.#patienceMs = patienceMs;
    this.isForced = isForced;
  }

  /** Makes a module known to the helpers, to be instantiated over a shared memory. Returns its number in `run`. */
  add(module: WebAssembly.Module, memory: WebAssembly.Memory): number {
    const shared = { slot: this.#nextSlot++, module, memory };
    this.#modules.set(shared.slot, shared);
    for (const { modules } of this.#helpers) modules.postMessage(shared);
    return shared.slot;
  }

  /**
   * Lets go of a module and its memory, which helpers give back only by ending; others are started with the next task.
   */
  remove(slot: number): void {
    this.#modules.delete(slot);
    void this.close();
  }

  /**
   * Calls `own` (number `index` of the instance in `slot`) with (part, thread, ...args) for each part, spread over the
   * threads in any order, and returns when all are done.
   * @throws CupbearerError `engine` if a thread has failed or died, from then on always; what `own` throws.
   */
  run(slot: number, index: number, own: PartFunction, parts: number, args: readonly number[]): void {
    if (parts > MOST_PARTS) throw new Error(`A task has ${MOST_PARTS} parts at most, got ${parts}.`);
    if (this.#fault !== undefined) throw this.#fault;
    const start = now();
    if (!this.isForced && !this.#worth.isWorthIt) {
      for (let part = parts - 1; part >= 0; part--) own(part, 0, ...args);
      const end = now();
      this.#worth.add(end.processor - start.processor, end.clock - start.clock, end.clock);
      return;
    }
    if (this.#helpers.length === 0) this.#start();
    const { control, args: shared } = this.#task;
    shared.set(args);
    control[SLOT] = slot;
    control[FUNCTION] = index;
    control[ARGUMENTS] = args.length;
    Atomics.store(control, DONE, 0);
    this.#generation = (this.#generation + 1) & 0xffffff;
    Atomics.store(control, OPEN, (this.#generation << 8) | parts);
    // Those that sleep are woken; those that still look see it themselves.
    if (Atomics.load(control, SLEEPING) > 0) Atomics.notify(control, OPEN);
    let ownParts = 0;
    try {
      for (;;) {
        const word = Atomics.load(control, OPEN);
        if ((word & 255) === 0) break;
        if (Atomics.compareExchange(control, OPEN, word, word - 1) !== word) continue;
        own((word & 255) - 1, 0, ...args);
        Atomics.add(control, DONE, 1);
        ownParts++;
      }
    } catch (error) {
      // Helpers may still be writing where the caller would go on.
      this.#fault = failure(error instanceof Error ? error.message : String(error));
      throw error;
    }
    const ownProcessor = now().processor - start.processor;
    this.#awaitParts(parts);
    // Before they are all there, nothing can be said of them; without a part of its own, nothing of how long one takes.
    if (ownParts === 0 || Atomics.load(control, READY) < this.threads - 1) return;
    const end = now().clock;
    this.#worth.add((ownProcessor / ownParts) * parts, end - start.clock, end);
  }

  /** Starts the helpers ahead of the first task, and waits until they are there. */
  async start(): Promise<void> {
    if (this.#helpers.length === 0) this.#start();
    const helpers = [...this.#helpers];
    for (const { worker } of helpers) worker.ref();
    await Promise.all(helpers.map(({ ready }) => ready));
    for (const { worker } of helpers) worker.unref();
  }

  /** Ends the helpers. The pool may be used again: they are then restarted. */
  async close(): Promise<void> {
    const helpers = this.#helpers.splice(0);
    // Those that end may still look at the old one.
    this.#task = createTask();
    await Promise.all(helpers.map(({ worker }) => worker.terminate()));
  }

  #start(): void {
    for (let thread = 1; thread < this.threads; thread++) {
      const { port1, port2 } = new MessageChannel();
      for (const module of this.#modules.values()) port1.postMessage(module);
      const worker = new Worker(new URL('./helper.ts', import.meta.url), {
        workerData: { task: this.#task, thread, modules: port2 } satisfies HelperData,
        transferList: [port2],
        // Those of the process may be about a program given as text, or a debugger.
        execArgv: [],
      });
      const ready = new Promise<void>((resolve) => worker.once('message', resolve).once('exit', () => resolve()));
      const helper: Helper = { worker, modules: port1, ready };
      // The work keeps the process alive, not who helps with it.
      worker.unref();
      port1.unref();
      const lost = (reason: string) => {
        if (this.#helpers.includes(helper)) this.#fault ??= failure(reason);
      };
      worker.on('error', (error: Error) => lost(error.message));
      worker.on('exit', (code) => lost(`it has ended (code ${code})`));
      this.#helpers.push(helper);
    }
  }

  #awaitParts(parts: number): void {
    const { control } = this.#task;
    for (let look = 0; look < LOOKS; look++) if (Atomics.load(control, DONE) === parts) return this.#check();
    Atomics.store(control, WAITING, 1);
    let last = -1;
    let sleptMs = 0;
    for (;;) {
      const done = Atomics.load(control, DONE);
      if (done === parts) break;
      if (done !== last) sleptMs = 0;
      last = done;
      this.#check();
      if (sleptMs >= this.#patienceMs) {
        this.#fault = failure(`it has not answered for ${Math.round(sleptMs / 1000)} s`);
        throw this.#fault;
      }
      // Slices are counted, not the clock: a machine that was suspended is no thread that died.
      if (Atomics.wait(control, DONE, done, SLICE_MS) === 'timed-out') sleptMs += SLICE_MS;
    }
    Atomics.store(control, WAITING, 0);
    this.#check();
  }

  /** Throws where a helper has failed. */
  #check(): void {
    if (Atomics.load(this.#task.control, FAILED) === 0) return;
    const text = new TextDecoder().decode(this.#task.message.slice());
    this.#fault ??= failure(text.slice(0, text.indexOf('\0')));
    throw this.#fault;
  }
}

function failure(reason: string): CupbearerError {
  return new CupbearerError('engine', `A thread that computes has failed: ${reason}.`, {
    hint: 'Start the run again; with CUPBEARER_THREADS=1 in the environment no such threads are used.',
  });
}
