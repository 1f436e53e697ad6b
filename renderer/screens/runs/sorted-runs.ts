import type { RunSummary } from '../../../shared/domain/live.ts';

type Compare = (a: RunSummary, b: RunSummary) => number;

/** Keeps runs in order. Of many runs few change at a time: these are taken out and merged in, the rest is not compared again. */
export class SortedRuns {
  #order: readonly RunSummary[] = [];
  #compare: Compare | undefined;

  /** Returns the runs in the order of `compare`; another function is another order. */
  of(runs: ReadonlyMap<string, RunSummary>, compare: Compare): readonly RunSummary[] {
    const kept = this.#compare === compare ? this.#order.filter((run) => runs.get(run.id) === run) : [];
    this.#compare = compare;
    if (kept.length === runs.size && kept.length === this.#order.length) return this.#order;
    const known = new Set(kept);
    const fresh = [...runs.values()].filter((run) => !known.has(run)).sort(compare);
    return (this.#order = merged(kept, fresh, compare));
  }
}

/** Both lists are in order; of equal ones the first list's come first. */
function merged(a: readonly RunSummary[], b: readonly RunSummary[], compare: Compare): RunSummary[] {
  const order: RunSummary[] = [];
  let start = 0;
  for (const run of b) {
    const place = placeFor(run, a, start, compare);
    for (let i = start; i < place; i++) order.push(a[i]!);
    order.push(run);
    start = place;
  }
  for (let i = start; i < a.length; i++) order.push(a[i]!);
  return order;
}

/** The place behind all of a list, from `low` on, that come before a run. */
function placeFor(run: RunSummary, list: readonly RunSummary[], low: number, compare: Compare): number {
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(list[middle]!, run) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
