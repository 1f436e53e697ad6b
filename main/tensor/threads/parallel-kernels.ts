import { computePool } from './compute-threads.ts';
import { MOST_PARTS, functionsOf, instantiate, type PartFunction } from './task.ts';
import type { ThreadPool } from './thread-pool.ts';

/** Parts for each thread: one that is held up leaves the rest to others. */
const PARTS_A_THREAD = 4;
/**
 * What a part takes at least, multiplications: handing over less than some ten microseconds of work costs more than it
 * brings.
 */
const LEAST_MULTIPLICATIONS = 250_000;

/**
 * An instance of a kernel module whose functions run on the calling thread or, those that work in parts, on all
 * threads.
 */
export class ParallelKernels<Exports extends object> {
  /** The functions as they are, on the calling thread. */
  readonly run: Exports;
  readonly #module: WebAssembly.Module;
  readonly #memory: WebAssembly.Memory;
  readonly #functions: PartFunction[];
  readonly #numbers: ReadonlyMap<string, number>;
  /** The threads that know this instance, and its number among them. */
  #pool: ThreadPool | undefined;
  #slot = 0;

  /** Over a shared memory. */
  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory) {
    this.#module = module;
    this.#memory = memory;
    const exports = instantiate(module, memory);
    this.run = exports as Exports;
    const { names, functions } = functionsOf(exports);
    this.#functions = functions;
    this.#numbers = new Map(names.map((name, number) => [name, number]));
  }

  /** How many threads work on what `inParts` runs. */
  get threads(): number {
    return computePool()?.threads ?? 1;
  }

  /** Into how many parts work of so many multiplications is cut, where its result does not depend on it. */
  partsFor(multiplications: number): number {
    const pool = computePool();
    if (pool === undefined) return 1;
    const most = Math.min(PARTS_A_THREAD * pool.threads, MOST_PARTS);
    if (pool.isForced) return most;
    return Math.max(1, Math.min(most, Math.floor(multiplications / LEAST_MULTIPLICATIONS)));
  }

  /**
   * Calls a function with (part, thread, ...args) for each of `parts` parts, which must not touch what another one
   * writes.
   * @throws CupbearerError `engine` if a thread fails.
   */
  inParts(name: keyof Exports & string, parts: number, ...args: number[]): void {
    const number = this.#numbers.get(name)!;
    const own = this.#functions[number]!;
    const pool = computePool();
    if (pool === undefined || parts === 1) {
      for (let part = parts - 1; part >= 0; part--) own(part, 0, ...args);
      return;
    }
    if (pool !== this.#pool) {
      this.#slot = pool.add(this.#module, this.#memory);
      this.#pool = pool;
    }
    pool.run(this.#slot, number, own, parts, args);
  }

  /** Threads let go of the memory. */
  close(): void {
    if (this.#pool === computePool()) this.#pool?.remove(this.#slot);
    this.#pool = undefined;
  }
}
