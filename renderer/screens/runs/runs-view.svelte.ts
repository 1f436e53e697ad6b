import type { RunSummary } from '../../../shared/domain/live.ts';
import { counted } from '../../../shared/format.ts';
import { catalogue } from '../../app/catalogue.svelte.ts';
import { settings } from '../../app/settings.svelte.ts';
import type { GridSort } from '../../components/grid-column.ts';
import { narrow } from '../../app/window.ts';
import { chosenColumns, columns, comparator, fittingColumns, neededWidth, startsDescending } from './columns.ts';
import type { Column } from './columns.ts';
import { filter } from './filter.svelte.ts';
import { lastHidden } from './kept-choices.ts';
import { inLine, unfinishedIds } from './table-groups.ts';

/** A line of the table. */
export type Item = { type: 'group'; id: string; title: string; count: number; note: string } | RunItem;

interface RunItem {
  type: 'run';
  id: string;
  run: RunSummary;
}

const hiddenAtFirst = columns.filter((column) => !column.shownAtFirst).map((column) => column.id);

/** What the table shows and what is chosen in it; outlives the screen, so that coming back finds it as it was left. */
class RunsView {
  sort = $state.raw<GridSort>({ column: 'when', descending: true });
  /** Ids of columns; until the settings have arrived, those that this window had last. */
  readonly #kept = $derived(settings.value ? settings.value.hiddenColumns : lastHidden());
  readonly #isChosen = $derived(this.#kept !== null);
  readonly #hidden: readonly string[] = $derived(this.#kept ?? hiddenAtFirst);
  selected = $state.raw<ReadonlySet<string>>(new Set());
  cursor = $state.raw<string | null>(null);
  /** Where Shift extends from. */
  #anchor: string | null = null;

  readonly #columns: readonly Column[] = $derived(
    columns.filter((column) => column.always || !this.#hidden.includes(column.id)),
  );

  /** Px of the table's place; 0 until it is known. */
  width = $state(0);
  /** What is chosen is shown, whatever room there is; of what is there at first, as much as fits. */
  readonly shown: readonly Column[] = $derived(
    this.#isChosen
      ? chosenColumns(this.#columns, narrow.current)
      : fittingColumns(this.#columns, this.width === 0 ? Infinity : this.width, narrow.current),
  );
  /** Px that they need: more than there are scroll sideways. */
  readonly needed = $derived(neededWidth(this.shown, narrow.current));

  readonly #unfinishedIds = $derived(unfinishedIds(catalogue.runs.values()));

  /** Put in order before they are filtered: a keystroke then has nothing to sort. */
  readonly #sorted = $derived([...catalogue.runs.values()].sort(comparator(this.sort)));

  /** What the filter finds, whatever its state; without a filter all that is finished and not archived. */
  readonly matching: readonly RunSummary[] = $derived.by(() => {
    const now = Date.now();
    return this.#sorted.filter(
      (run) => filter.accepts(run, now) && (filter.active || !this.#unfinishedIds.has(run.id)),
    );
  });

  /**
   * What stays in sight, as far as it is not among those that match: running first, then waiting, then what to look at.
   */
  readonly #unfinished = $derived.by(() => {
    const matching = new Set(filter.active ? this.matching.map(({ id }) => id) : []);
    return [...this.#unfinishedIds].filter((id) => !matching.has(id)).map((id) => catalogue.runs.get(id)!);
  });
  readonly unfinished: readonly RunSummary[] = $derived(inLine(this.#unfinished, catalogue.live));

  /** What is selected by one click: what the filter finds, or all that is shown. */
  readonly selectable: readonly RunSummary[] = $derived(
    filter.active ? this.matching : [...this.#unfinished, ...this.matching],
  );

  readonly items: readonly Item[] = $derived.by(() => {
    const item = (run: RunSummary): RunItem => ({ type: 'run', id: run.id, run });
    const total = catalogue.runs.size - (filter.asksForArchived ? 0 : catalogue.archived);
    const note = filter.active ? `of ${counted(total, 'run')}` : '';
    return [
      ...(this.unfinished.length > 0
        ? [group('unfinished', 'Not finished', this.unfinished.length, filter.active ? 'outside of the filter' : '')]
        : []),
      ...this.unfinished.map(item),
      ...(this.matching.length > 0 || (catalogue.loaded && (filter.active || this.unfinished.length > 0))
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
    // What there was no room for is not there, and does not come along with the first that is chosen.
    const shown = new Set(this.shown.map((column) => column.id));
    const absent = columns.map((column) => column.id).filter((other) => !shown.has(other));
    await settings.change(({ hiddenColumns }) => {
      const hidden = hiddenColumns ?? absent;
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

  /** Moves the cursor by rows; with `extend` the rows passed are selected. Returns the index of its item. */
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
    this.selected = new Set(all ? this.selectable.map((run) => run.id) : []);
  }

  select(ids: Iterable<string>): void {
    this.selected = new Set(ids);
  }
}

function group(id: string, title: string, count: number, note: string): Item {
  return { type: 'group', id, title, count, note };
}

export const view = new RunsView();
