import type { RunSummary } from '../../../shared/domain/live.ts';
import { isSpecPath } from '../../../shared/domain/spec-field.ts';
import { counted } from '../../../shared/format.ts';
import { given } from '../../../shared/given.ts';
import { catalogue } from '../../app/catalogue.svelte.ts';
import { definitions } from '../../app/definitions.svelte.ts';
import { settings } from '../../app/settings.svelte.ts';
import type { GridSort } from '../../components/grid-column.ts';
import { narrow } from '../../app/window.ts';
import {
  chosenColumns,
  columns,
  firstColumns,
  fittingColumns,
  nameColumn,
  neededWidth,
  runOrder,
  startsDescending,
} from './columns.ts';
import type { Column } from './columns.ts';
import { columnOf, resolved } from './column-of.ts';
import { filter } from './filter.svelte.ts';
import { addedLines, groupedItems, type Grouping, type GroupItem, type HeadItem, type Item } from './group-tree.ts';
import { aspectsOf, groupingOf } from './groupings.ts';
import { lastColumns } from './kept-choices.ts';
import { boundedWidth, mostGroups, parseColumns, writeColumns, type ColumnChoice, type RunsPlace } from './place.ts';
import { SortedRuns } from './sorted-runs.ts';
import { parameters } from './spec-values.svelte.ts';
import { inLine, unfinishedIds } from './table-groups.ts';

const sortAtFirst: GridSort = { column: 'when', descending: true };

/** What the table shows and what is chosen in it; outlives the screen, so that coming back finds it as it was left. */
class RunsView {
  sort = $state.raw<GridSort>(sortAtFirst);
  /** Fields that runs are grouped by, outermost first. */
  groups = $state.raw<readonly string[]>([]);
  /** Columns of this view; those of the settings if not set. */
  #own = $state.raw<readonly ColumnChoice[] | undefined>();
  selected = $state.raw<ReadonlySet<string>>(new Set());
  /** The id of an item. */
  cursor = $state.raw<string | null>(null);
  /** Where Shift extends from. */
  #anchor: string | null = null;
  /** Groups whose fold is not as it is at first. */
  #turned = $state.raw<ReadonlySet<string>>(new Set());
  /** How many lines of a group are shown, where more than at first. */
  #lines = $state.raw<ReadonlyMap<string, number>>(new Map());

  /** What a person has chosen; null for the columns that are there at first. Until the settings have arrived, those of last time. */
  readonly #choices: readonly ColumnChoice[] | null = $derived.by(() => {
    if (this.#own) return this.#own;
    const kept = settings.value ? settings.value.runColumns : lastColumns();
    return kept === null ? null : parseColumns(kept);
  });

  /** Px of the table's place; 0 until it is known. */
  width = $state(0);
  readonly isGrouped = $derived(this.groups.length > 0);
  /** What is chosen is shown, whatever room there is; of what is there at first, as much as fits. */
  readonly shown: readonly Column[] = $derived.by(() => {
    const layout = { isNarrow: narrow.current, isGrouped: this.isGrouped };
    if (this.#choices) return chosenColumns(resolved(this.#choices), layout);
    return fittingColumns(firstColumns(this.groups), this.width === 0 ? Infinity : this.width, layout);
  });
  /** Px that they need: more than there are scroll sideways. */
  readonly needed = $derived(neededWidth(this.shown, narrow.current));

  readonly groupings: readonly Grouping[] = $derived(
    this.groups.map((id) => groupingOf(id)).filter((grouping) => grouping !== undefined),
  );
  /** Parameters whose values the table needs. */
  readonly paths: readonly string[] = $derived([
    ...new Set([...this.shown.map(({ id }) => id), ...this.groups, this.sort.column, ...filter.paths].filter(isSpecPath)),
  ].sort()); // prettier-ignore

  readonly #unfinishedIds = $derived(unfinishedIds(catalogue.runs.values()));

  readonly #order = new SortedRuns();
  readonly #runOrder = $derived.by(() => {
    // What has arrived of a parameter puts runs in another order.
    if (isSpecPath(this.sort.column)) parameters.isComing([this.sort.column]);
    return runOrder(columnOf(this.sort.column) ?? nameColumn, this.sort.descending);
  });
  /** Put in order before they are filtered: a keystroke then has nothing to sort. */
  readonly #sorted = $derived(this.#order.of(catalogue.runs, this.#runOrder));

  /** What the filter finds, whatever its state; without a filter, and without groups, all that is finished and not archived. */
  readonly matching: readonly RunSummary[] = $derived.by(() => {
    const accepts = filter.test(Date.now());
    const unfinished = filter.active || this.isGrouped ? undefined : this.#unfinishedIds;
    return this.#sorted.filter((run) => accepts(run) && !unfinished?.has(run.id));
  });

  /**
   * What stays in sight, as far as it is not among those that match: running first, then waiting, then what to look at.
   */
  readonly #unfinished = $derived.by(() => {
    const unfinished = [...this.#unfinishedIds];
    if (!filter.active && !this.isGrouped) return unfinished.map((id) => catalogue.runs.get(id)!);
    const accepts = filter.test(Date.now());
    return unfinished.map((id) => catalogue.runs.get(id)!).filter((run) => !accepts(run));
  });
  readonly unfinished: readonly RunSummary[] = $derived(inLine(this.#unfinished, catalogue.live));

  /** What is selected by one click: what the filter finds, or all that is shown. */
  readonly selectable: readonly RunSummary[] = $derived(
    filter.active ? this.matching : [...this.#unfinished, ...this.matching],
  );

  readonly items: readonly Item[] = $derived.by(() => {
    const line = (run: RunSummary): Item => ({ type: 'run', id: run.id, level: 0, run, title: '' });
    const above = this.unfinished.length === 0 ? [] : [
      head('unfinished', 'Not finished', this.unfinished.length, filter.active ? 'outside of the filter' : ''),
      ...this.unfinished.map(line),
    ]; // prettier-ignore
    if (this.isGrouped) return [...above, ...this.#grouped];
    const total = catalogue.runs.size - (filter.asksForArchived ? 0 : catalogue.archived);
    const note = filter.active ? `of ${counted(total, 'run')}` : '';
    const isHeaded = this.matching.length > 0 || (catalogue.loaded && (filter.active || this.unfinished.length > 0));
    return [
      ...above,
      ...(isHeaded ? [head('others', filter.active ? 'Matching' : 'Finished', this.matching.length, note)] : []),
      ...this.matching.map(line),
    ];
  });

  readonly #grouped: readonly Item[] = $derived.by(() => {
    const { column, descending } = this.sort;
    const sorted = columnOf(column);
    const key = sorted?.isFigure ? sorted.key : undefined;
    const known = catalogue.runs;
    return groupedItems(this.matching, {
      groupings: this.groupings,
      turned: this.#turned,
      shown: this.#lines,
      rank: key
        ? {
            descending,
            of: (run) => {
              const value = key(run);
              return typeof value === 'number' ? value : null;
            },
          }
        : null,
      byName: column !== nameColumn.id ? null : descending ? 'descending' : 'ascending',
      aspects: aspectsOf,
      parentsOf: (run) => run.parents.map((id) => known.get(id)).filter((parent) => parent !== undefined),
      words: [definitions.registries, this.groups.some(isSpecPath) ? parameters.version : 0],
    });
  });

  readonly selection: readonly RunSummary[] = $derived(
    [...this.selected].map((id) => catalogue.runs.get(id)).filter((run) => run !== undefined),
  );

  /** The item with the cursor. */
  readonly #current = $derived(this.cursor === null ? undefined : this.items.find(({ id }) => id === this.cursor));
  /** The run with the cursor; undefined where that is on a group. */
  readonly cursorRun: RunSummary | undefined = $derived(this.#current?.type === 'run' ? this.#current.run : undefined);

  /** What the table shows, for the address and for saved views. */
  readonly place: RunsPlace = $derived(
    given({
      filter: filter.source || undefined,
      groups: this.groups.length > 0 ? this.groups : undefined,
      columns: this.#own,
      sort: isSame(this.sort, sortAtFirst) ? undefined : this.sort,
    }),
  );
  /** The same with nothing left out: another person's table has other columns. */
  readonly wholePlace: RunsPlace = $derived({
    ...this.place,
    columns: this.#choices ?? firstColumns(this.groups).map(({ id }) => ({ id })),
    sort: this.sort,
  });

  /** Shows what a place says; what it leaves out is as it is at first. */
  show({ filter: query = '', groups = [], columns: own, sort = sortAtFirst }: RunsPlace): void {
    filter.set(query);
    this.groups = groups.filter((id) => groupingOf(id) !== undefined).slice(0, mostGroups);
    this.#own = own;
    this.sort = columnOf(sort.column) ? sort : sortAtFirst;
    this.cursor = null;
  }

  sortBy(column: Column): void {
    const { sort } = this;
    this.sort =
      sort.column === column.id
        ? { column: column.id, descending: !sort.descending }
        : { column: column.id, descending: startsDescending(column) };
  }

  /** Groups by a field as the innermost one, or no longer. */
  toggleGrouping(id: string): void {
    this.groups = this.groups.includes(id)
      ? this.groups.filter((other) => other !== id)
      : [...this.groups, id].slice(0, mostGroups);
    this.cursor = null;
  }

  groupBy(ids: readonly string[]): void {
    this.groups = ids;
    this.cursor = null;
  }

  async toggleColumn({ id }: Pick<Column, 'id'>): Promise<void> {
    const chosen = this.#chosen();
    const place = columns.findIndex((column) => column.id === id);
    if (chosen.some((one) => one.id === id)) return this.#choose(chosen.filter((one) => one.id !== id));
    // A column of the list comes where the list has it, if its neighbours were not moved; any other at the end.
    const after = chosen.findLastIndex((one) => {
      const other = columns.findIndex((column) => column.id === one.id);
      return place >= 0 && other >= 0 && other < place;
    });
    const at = place < 0 ? lastPlace(chosen) : after + 1;
    return this.#choose([...chosen.slice(0, at), { id }, ...chosen.slice(at)]);
  }

  /** Puts a column before another one, or last. */
  async moveColumn(id: string, before: string | null): Promise<void> {
    const chosen = this.#chosen();
    const moved = chosen.find((one) => one.id === id);
    if (!moved || id === before) return;
    const rest = chosen.filter((one) => one.id !== id);
    const at = before === null ? -1 : rest.findIndex((one) => one.id === before);
    await this.#choose(at < 0 ? [...rest, moved] : [...rest.slice(0, at), moved, ...rest.slice(at)]);
  }

  /** Moves a column by places. */
  async shiftColumn(id: string, by: number): Promise<void> {
    const ids = this.#chosen().map((one) => one.id);
    const at = ids.indexOf(id);
    if (at < 0) return;
    const to = Math.max(0, Math.min(ids.length - 1, at + by));
    const rest = ids.filter((other) => other !== id);
    if (to !== at) await this.moveColumn(id, rest[to] ?? null);
  }

  async resizeColumn(id: string, width: number): Promise<void> {
    await this.#choose(this.#chosen().map((one) => (one.id === id ? { id, width: boundedWidth(width) } : one)));
  }

  /** Shows the columns that are there at first. */
  async resetColumns(): Promise<void> {
    this.#own = undefined;
    await settings.change({ runColumns: null });
  }

  /** What stands in the table as what a person has chosen: what there was no room for does not come along. */
  #chosen(): readonly ColumnChoice[] {
    return this.#choices && this.#choices.length > 0
      ? chosenColumns(resolved(this.#choices), { isNarrow: narrow.current, isGrouped: true })
          .filter(({ id }) => id !== 'name' && (this.isGrouped || columnOf(id)?.inGroups !== true))
          .map(({ id }) => this.#choices?.find((one) => one.id === id) ?? { id })
      : this.shown.filter(({ id }) => id !== 'name').map(({ id }) => ({ id }));
  }

  async #choose(chosen: readonly ColumnChoice[]): Promise<void> {
    this.#own = chosen;
    await settings.change({ runColumns: writeColumns(chosen) });
  }

  /** Selects a run or takes it out; with `extend` all from the last one to it. Of a group, all of its runs. */
  toggle(id: string, extend = false): void {
    const from = this.#anchor;
    const selected = new Set(this.selected);
    const own = this.#runsOf(this.items.find((item) => item.id === id));
    if (extend && from !== null && from !== id) for (const between of this.#range(from, id)) selected.add(between);
    else if (own.every((run) => selected.has(run.id))) for (const run of own) selected.delete(run.id);
    else for (const run of own) selected.add(run.id);
    this.selected = selected;
    this.cursor = id;
    this.#anchor = id;
  }

  #runsOf(item: Item | undefined): readonly RunSummary[] {
    if (item?.type === 'run') return [item.run];
    return item?.type === 'group' ? item.runs : [];
  }

  #range(a: string, b: string): string[] {
    const from = this.items.findIndex(({ id }) => id === a);
    const to = this.items.findIndex(({ id }) => id === b);
    const between = from < 0 ? [this.items[to]] : this.items.slice(Math.min(from, to), Math.max(from, to) + 1);
    return between.flatMap((item) => (item?.type === 'run' ? [item.run.id] : []));
  }

  /** Moves the cursor by lines; with `extend` the runs passed are selected. Returns the index of its item. */
  move(by: number, extend = false): number {
    const stops = this.items.filter(({ type }) => type !== 'head');
    if (stops.length === 0) return -1;
    const at = stops.findIndex((item) => item.id === this.cursor);
    const next = stops[at === -1 ? 0 : Math.max(0, Math.min(stops.length - 1, at + by))]!;
    if (extend) {
      const start = this.cursor ?? next.id;
      this.selected = new Set([...this.selected, ...this.#range(start, next.id)]);
    }
    this.cursor = next.id;
    this.#anchor = next.id;
    return this.items.indexOf(next);
  }

  /** Folds a group or unfolds it. */
  turn({ id }: Pick<GroupItem, 'id'>): void {
    const turned = new Set(this.#turned);
    if (!turned.delete(id)) turned.add(id);
    this.#turned = turned;
    this.cursor = id;
  }

  /** Shows more lines of a group. */
  showMore(of: string): void {
    this.#lines = new Map(this.#lines).set(of, (this.#lines.get(of) ?? 0) + addedLines);
  }

  /**
   * Does what an arrow key to the side, or Enter, does where the cursor is: a group is folded or unfolded, more lines are
   * shown. Returns whether it means something.
   */
  unfold(direction: 'left' | 'right' | 'turn'): boolean {
    const item = this.#current;
    if (item?.type === 'more') {
      if (direction === 'left') return this.#toParent(item);
      this.showMore(item.of);
      return true;
    }
    if (item?.type === 'group' && (direction === 'turn' || item.isOpen === (direction === 'left'))) {
      this.turn(item);
      return true;
    }
    return direction === 'left' && item !== undefined && item.type !== 'head' && this.#toParent(item);
  }

  #toParent(item: Exclude<Item, HeadItem>): boolean {
    const at = this.items.indexOf(item);
    const parent = this.items
      .slice(0, at)
      .findLast((other) => other.type === 'group' && other.level === item.level - 1);
    if (!parent) return false;
    this.cursor = parent.id;
    return true;
  }

  selectAll(all: boolean): void {
    this.selected = new Set(all ? this.selectable.map((run) => run.id) : []);
  }

  select(ids: Iterable<string>): void {
    this.selected = new Set(ids);
  }
}

function head(id: string, title: string, count: number, note: string): Item {
  return { type: 'head', id, title, count, note };
}

const isSame = (a: GridSort, b: GridSort) => a.column === b.column && a.descending === b.descending;

/** Added columns stand before the time and what follows it. */
function lastPlace(chosen: readonly ColumnChoice[]): number {
  const when = chosen.findIndex(({ id }) => id === 'when');
  return when < 0 ? chosen.length : when;
}

export const view = new RunsView();
