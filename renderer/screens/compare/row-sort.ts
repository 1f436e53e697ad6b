import type { ShownRow } from './comparison.svelte.ts';

/** By what rows are sorted. */
export type SortKey = 'name' | 'seen' | 'auroc' | 'tpr' | 'took';
export interface RowSort {
  key: SortKey;
  descending: boolean;
}

/** What most people look for comes first. */
export const startsDescending: Readonly<Record<SortKey, boolean>> = {
  name: false,
  seen: false,
  auroc: true,
  tpr: true,
  took: false,
};

const seenOrder = ['nothing', 'trusted', 'untrusted', 'labels', 'unknown'] as const;

/** Returns rows in an order, those of one set of test data together, the largest first; without a figure they come last. */
export function sortedRows(rows: readonly ShownRow[], { key, descending }: RowSort): ShownRow[] {
  const valueOf = ({ row, took }: ShownRow): number | null => {
    if (key === 'seen') return seenOrder.indexOf(row.seen);
    if (key === 'took') return took;
    return row.figures?.[key === 'tpr' ? 'tpr' : 'auroc']?.value ?? null;
  };
  const sizes = new Map<number, number>();
  for (const { row } of rows) sizes.set(row.group, (sizes.get(row.group) ?? 0) + 1);
  const sign = descending ? -1 : 1;
  const compare = (a: ShownRow, b: ShownRow): number => {
    if (key === 'name') return sign * a.name.localeCompare(b.name, 'en', { numeric: true });
    const [x, y] = [valueOf(a), valueOf(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  };
  return rows.toSorted(
    (a, b) =>
      sizes.get(b.row.group)! - sizes.get(a.row.group)! ||
      a.row.group - b.row.group ||
      compare(a, b) ||
      a.place - b.place,
  );
}
