import type { TrashItem } from '../../../shared/domain/trash.ts';
import { trash } from '../../app/trash.svelte.ts';
import type { GridSort } from '../../components/grid-column.ts';
import { columnsIn, type TrashColumn } from './trash-columns.ts';

/** What the table of the trash shows and what is chosen in it. */
export class TrashView {
  sort = $state.raw<GridSort>({ column: 'deleted', descending: true });
  selected = $state.raw<ReadonlySet<string>>(new Set());
  cursor = $state.raw<string | null>(null);
  /** Px of the table's place; 0 until it is known. */
  width = $state(0);
  /** Where Shift extends from. */
  #anchor: string | null = null;

  readonly columns: readonly TrashColumn[] = $derived(columnsIn(this.width));
  readonly items: readonly TrashItem[] = $derived.by(() => {
    const { column, descending } = this.sort;
    const key = this.columns.find(({ id }) => id === column)?.key ?? ((item: TrashItem) => item.trashed_at);
    const sign = descending ? -1 : 1;
    return trash.items.toSorted((a, b) => {
      const [one, other] = [key(a), key(b)];
      return one === other ? (a.id < b.id ? -sign : sign) : one < other ? -sign : sign;
    });
  });
  /** Of what is selected, what is still there. */
  readonly selection: readonly TrashItem[] = $derived(this.items.filter(({ id }) => this.selected.has(id)));
  readonly atCursor = $derived(this.items.find(({ id }) => id === this.cursor));

  sortBy(column: string): void {
    if (column === 'restore') return;
    const { sort } = this;
    const isFirst = sort.column !== column;
    this.sort = { column, descending: isFirst ? column === 'deleted' || column === 'size' : !sort.descending };
  }

  toggle(id: string, extend = false): void {
    const selected = new Set(this.selected);
    if (extend && this.#anchor !== null && this.#anchor !== id)
      for (const between of this.#range(this.#anchor, id)) selected.add(between);
    else if (!selected.delete(id)) selected.add(id);
    this.selected = selected;
    this.cursor = id;
    this.#anchor = id;
  }

  /** Moves the cursor by rows; with `extend` the rows passed are selected. Returns the index of its row. */
  move(by: number, extend = false): number {
    if (this.items.length === 0) return -1;
    const at = this.items.findIndex(({ id }) => id === this.cursor);
    const index = at === -1 ? 0 : Math.max(0, Math.min(this.items.length - 1, at + by));
    const { id } = this.items[index]!;
    if (extend) this.selected = new Set([...this.selected, ...this.#range(this.cursor ?? id, id)]);
    this.cursor = id;
    this.#anchor = id;
    return index;
  }

  selectAll(all: boolean): void {
    this.selected = new Set(all ? this.items.map(({ id }) => id) : []);
  }

  #range(a: string, b: string): string[] {
    const ids = this.items.map(({ id }) => id);
    const [from, to] = [ids.indexOf(a), ids.indexOf(b)].sort((x, y) => x - y) as [number, number];
    return from === -1 ? [b] : ids.slice(from, to + 1);
  }
}
