import type { RunSummary } from '../../../shared/domain/live.ts';
import type { RunOrder } from './columns.ts';

type Placed = ReturnType<RunOrder['place']>;

/** Keeps runs in order. Of many runs few change at a time: these are taken out and merged in, the rest is not compared again. */
export class SortedRuns {
  #placed: readonly Placed[] = [];
  #runs: readonly RunSummary[] = [];
  #order: RunOrder | undefined;

  /** Returns the runs in an order; another object is another order. */
  of(runs: ReadonlyMap<string, RunSummary>, order: RunOrder): readonly RunSummary[] {
    const kept = this.#order === order ? this.#placed.filter(({ run }) => runs.get(run.id) === run) : [];
    const isSame = this.#order === order && kept.length === runs.size && kept.length === this.#placed.length;
    this.#order = order;
    if (isSame) return this.#runs;
    const known = new Set(kept.map(({ run }) => run));
    const fresh: Placed[] = [];
    for (const run of runs.values()) if (!known.has(run)) fresh.push(order.place(run));
    this.#placed = merged(kept, fresh.sort(order.compare), order.compare);
    return (this.#runs = this.#placed.map(({ run }) => run));
  }
}

/** Both lists are in order; of equal ones the first list's come first. */
function merged(a: readonly Placed[], b: readonly Placed[], compare: RunOrder['compare']): readonly Placed[] {
  if (a.length === 0) return b;
  const both: Placed[] = [];
  let start = 0;
  for (const placed of b) {
    const end = placeFor(placed, a, start, compare);
    for (const before of a.slice(start, end)) both.push(before);
    both.push(placed);
    start = end;
  }
  for (const rest of a.slice(start)) both.push(rest);
  return both;
}

/** The place behind all of a list, from `low` on, that come before another. */
function placeFor(placed: Placed, list: readonly Placed[], low: number, compare: RunOrder['compare']): number {
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(list[middle]!, placed) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
