import type { RunSummary } from '../../../shared/domain/live.ts';
import type { RunStatus } from '../../../shared/domain/run.ts';
import { formatCount } from '../../../shared/format.ts';
import { catalogue } from '../../app/catalogue.svelte.ts';
import { settings } from '../../app/settings.svelte.ts';
import { columns, comparator, startsDescending } from './columns.ts';
import type { Column, Sort } from './columns.ts';
import { filter } from './filter.svelte.ts';
import { lastHidden } from './kept-choices.ts';

/** A line of the table. */
export type Item = { type: 'group'; id: string; title: string; count: number; note: string } | RunItem;

interface RunItem {
  type: 'run';
  id: string;
  run: RunSummary;
}

const isActive = (status: RunStatus) => status === 'running' || status === 'queued';
const needsLook = (status: RunStatus) => status === 'failed' || status === 'interrupted';
/** So many runs that somebody must look at stay in sight; older ones are in the list like any other. */
const mostPinned = 5;

const newestFirst = (a: RunSummary, b: RunSummary) => (a.createdAt < b.createdAt ? 1 : -1);

const hiddenAtFirst = columns.filter((column) => !column.shownAtFirst).map((column) => column.id);

/** What the table shows and what is chosen in it; outlives the screen, so that coming back finds it as it was left. */
class RunsView {
  sort = $state.raw<Sort>({ column: 'when', descending: true });
  /** Ids of columns; until the settings have come, as this window had them last. */
  readonly hidden: readonly string[] = $derived.by(
    () => (settings.value ? settings.value.hiddenColumns : lastHidden()) ?? hiddenAtFirst,
  );
  selected = $state.raw<ReadonlySet<string>>(new Set());
  cursor = $state.raw<string | null>(null);
  /** Where Shift extends from. */
  #anchor: string | null = null;

  readonly columns: readonly Column[] = $derived(
    columns.filter((column) => column.always || !this.hidden.includes(column.id)),
  );

  /** Running first, then waiting in line, then what somebody must look at. */
  readonly unfinished: readonly RunSummary[] = $derived.by(() => {
    const runs = [...catalogue.runs.values()].filter((run) => !run.archived);
    const place = (run: RunSummary) => catalogue.live.get(run.id)?.queuePosition ?? Infinity;
    const running = runs.filter((run) => run.status === 'running').sort(newestFirst);
    const waiting = runs
      .filter((run) => run.status === 'queued')
      .sort((a, b) => place(a) - place(b) || -newestFirst(a, b));
    const stopped = runs.filter((run) => needsLook(run.status)).sort(newestFirst);
    return [...running, ...waiting, ...stopped.slice(0, mostPinned)];
  });

  readonly #others = $derived.by(() => {
    const shown = new Set(this.unfinished.map((run) => run.id));
    return [...catalogue.runs.values()].filter((run) => !shown.has(run.id) && !isActive(run.status));
  });

  readonly #total = $derived(
    this.#others.reduce((sum, run) => sum + (run.archived && !filter.asksForArchived ? 0 : 1), 0),
  );

  /** Put in order before they are filtered: a keystroke then has nothing to sort. */
  readonly #sorted = $derived([...this.#others].sort(comparator(this.sort)));

  readonly matching: readonly RunSummary[] = $derived.by(() => {
    const now = Date.now();
    return this.#sorted.filter((run) => filter.accepts(run, now));
  });

  readonly items: readonly Item[] = $derived.by(() => {
    const item = (run: RunSummary): RunItem => ({ type: 'run', id: run.id, run });
    const note = filter.active ? `of ${formatCount(this.#total)} finished` : '';
    return [
      ...(this.unfinished.length > 0
        ? [group('unfinished', 'Not finished', this.unfinished.length, 'shown whatever the filter')]
        : []),
      ...this.unfinished.map(item),
      ...(catalogue.loaded || this.matching.length > 0
        ? [group('others', filter.active ? 'Matching' : 'Finished', this.matching.length, note)]
        : []),
      ...this.matching.map(item),
    ];
  });

  readonly selection: readonly RunSummary[] = $derived(
    [...this.selected].map((id) => catalogue.runs.get(id)).filter((run) => run !== undefined),
  );

  sortBy(column: Column): void {
    const { sort } = this;
    this.sort =
      sort.column === column.id
        ? { column: column.id, descending: !sort.descending }
        : { column: column.id, descending: startsDescending(column) };
  }

  async toggleColumn({ id }: Column): Promise<void> {
    await settings.change(({ hiddenColumns }) => {
      const hidden = hiddenColumns ?? hiddenAtFirst;
      return { hiddenColumns: hidden.includes(id) ? hidden.filter((other) => other !== id) : [...hidden, id] };
    });
  }

  /** Selects a run or takes it out; with `extend` all from the last one to it. */
  toggle(id: string, extend = false): void {
    const from = this.#anchor;
    const selected = new Set(this.selected);
    if (extend && from !== null && from !== id) for (const between of this.#range(from, id)) selected.add(between);
    else if (!selected.delete(id)) selected.add(id);
    this.selected = selected;
    this.cursor = id;
    this.#anchor = id;
  }

  #range(a: string, b: string): string[] {
    const ids = this.items.filter((item) => item.type === 'run').map((item) => item.id);
    const [from, to] = [ids.indexOf(a), ids.indexOf(b)].sort((x, y) => x - y);
    return from === -1 ? [b] : ids.slice(from, to! + 1);
  }

  /** Moves the cursor by rows; with `extend` the rows passed are selected. Gives the index of its item. */
  move(by: number, extend = false): number {
    const runs = this.items.filter((item) => item.type === 'run');
    if (runs.length === 0) return -1;
    const at = runs.findIndex((item) => item.id === this.cursor);
    const next = runs[at === -1 ? 0 : Math.max(0, Math.min(runs.length - 1, at + by))]!;
    if (extend) {
      const start = this.cursor ?? next.id;
      this.selected = new Set([...this.selected, ...this.#range(start, next.id)]);
    }
    this.cursor = next.id;
    this.#anchor = next.id;
    return this.items.indexOf(next);
  }

  selectAll(all: boolean): void {
    this.selected = new Set(all ? this.matching.map((run) => run.id) : []);
  }

  select(ids: Iterable<string>): void {
    this.selected = new Set(ids);
  }
}

function group(id: string, title: string, count: number, note: string): Item {
  return { type: 'group', id, title, count, note };
}

export const view = new RunsView();
