import { availableParallelism } from 'node:os';

let most = Infinity;

/** Has this process keep at most so many processors busy from now on, because others work beside it; all if left out. */
export function useProcessors(count = Infinity): void {
  most = Math.max(1, count);
}

/** How many processors this process may keep busy: the machine's, or its share of them. */
export function ownProcessors(): number {
  return Math.min(availableParallelism(), most);
}
