import { computePool } from './compute-threads.ts';
import { functionsOf, instantiate, type PartFunction } from './task.ts';
import type { ThreadPool } from './thread-pool.ts';

/** An instance of a kernel module whose functions run on the calling thread or, those that work in parts, on all threads. */
export class ParallelKernels<Exports extends object> {
  /** The functions as they are, on the calling thread. */
  readonly run: Exports;
  /** How many threads work on what `inParts` runs. */
  readonly threads: number;
  readonly #pool: ThreadPool | undefined;
  readonly #slot: number;
  readonly #functions: PartFunction[];
  readonly #numbers: ReadonlyMap<string, number>;

  /** Over a shared memory; the threads are those that the process uses at this time. */
  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory) {
    const exports = instantiate(module, memory);
    this.run = exports as Exports;
    const { names, functions } = functionsOf(exports);
    this.#functions = functions;
    this.#numbers = new Map(names.map((name, number) => [name, number]));
    this.#pool = computePool();
    this.threads = this.#pool?.threads ?? 1;
    this.#slot = this.#pool?.add(module, memory) ?? 0;
  }

  /**
   * Calls a function with (part, thread, ...args) for each of `parts` parts, which must not touch what another one writes.
   * @throws CupbearerError `engine` where a thread fails.
   */
  inParts(name: keyof Exports & string, parts: number, ...args: number[]): void {
    const number = this.#numbers.get(name)!;
    const own = this.#functions[number]!;
    if (this.#pool === undefined || parts === 1) for (let part = parts - 1; part >= 0; part--) own(part, 0, ...args);
    else this.#pool.run(this.#slot, number, own, parts, args);
  }

  /** Threads let go of the memory. */
  close(): void {
    this.#pool?.remove(this.#slot);
  }
}
