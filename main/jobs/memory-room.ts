import { availableMemory } from 'node:process';

/** What a run is expected to take before any of its kind was measured: a process with an engine and some data, bytes. */
const unmeasuredBytes = 2 ** 29;

/** For so long after its start what a run will take is not yet part of what the machine has given away. */
const growsMs = 10_000;

/** Decides whether the machine has memory for one more run, by what runs of the same method took before. */
export class MemoryRoom {
  readonly #available: () => number;
  readonly #now: () => number;
  readonly #taken = new Map<string, number>();
  readonly #running = new Map<string, { method: string; startedAt: number }>();

  /** `available` returns the memory that is free, bytes. */
  constructor(available: () => number = availableMemory, now: () => number = () => performance.now()) {
    this.#available = available;
    this.#now = now;
  }

  /** Whether a run of this method fits beside those that are running. */
  isEnoughFor(method: string): boolean {
    const now = this.#now();
    const growing = [...this.#running.values()].filter(({ startedAt }) => now - startedAt < growsMs);
    const promised = growing.reduce((sum, { method: own }) => sum + this.#expected(own), 0);
    return this.#available() - promised >= this.#expected(method);
  }

  /** Notes that a run has started. */
  start(id: string, method: string): void {
    this.#running.set(id, { method, startedAt: this.#now() });
  }

  /** Notes how much memory a run took at most, bytes. */
  note(id: string, peakBytes: number): void {
    const method = this.#running.get(id)?.method;
    if (method !== undefined) this.#taken.set(method, Math.max(peakBytes, this.#taken.get(method) ?? 0));
  }

  /** Notes that a run has ended. */
  end(id: string): void {
    this.#running.delete(id);
  }

  #expected(method: string): number {
    return this.#taken.get(method) ?? unmeasuredBytes;
  }
}
