import { ThreadPool } from './thread-pool.ts';

let pool: ThreadPool | undefined;

/** The threads that kernels of this process share; undefined if the calling thread computes alone. */
export function computePool(): ThreadPool | undefined {
  return pool;
}

/**
 * Has kernels that are instantiated from now on work on so many threads, the calling one included. Results do not
 * depend on it, bit for bit. `isForced`: also where they cost more than they bring, for tests.
 */
export function useThreads(threads: number, { isForced = false } = {}): void {
  if (threads === (pool?.threads ?? 1) && isForced === (pool?.isForced ?? isForced)) return;
  void pool?.close();
  pool = threads > 1 ? new ThreadPool(threads, { isForced }) : undefined;
}
