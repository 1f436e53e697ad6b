import { trashDays, trashEnd, type TrashItem } from '../../../shared/domain/trash.ts';
import { counted, formatBytes } from '../../../shared/format.ts';
import type { GridColumn } from '../../components/grid-column.ts';

/** A column of the trash, with what rows are sorted by. */
export interface TrashColumn extends GridColumn {
  key: (item: TrashItem) => string | number;
}

/** Px of the column of boxes. */
export const selectWidth = 36;
/** A place narrower than this shows where something was below its name. */
const narrowPx = 1000;

const name: TrashColumn = {
  id: 'name',
  label: 'What',
  width: null,
  sticky: true,
  key: (item) => item.name.toLowerCase(),
};
const from: TrashColumn = { id: 'from', label: 'From', width: 260, key: ({ folder }) => folder };
const rest: readonly TrashColumn[] = [
  { id: 'deleted', label: 'Deleted', width: 120, align: 'right', key: (item) => item.trashed_at },
  { id: 'size', label: 'Size', width: 90, align: 'right', key: ({ bytes }) => bytes ?? -1 },
  { id: 'left', label: 'Days left', width: 90, align: 'right', key: (item) => item.trashed_at },
  { id: 'restore', label: '', width: 92, key: () => 0 },
];

export const isNarrow = (width: number): boolean => width > 0 && width < narrowPx;

export const columnsIn = (width: number): readonly TrashColumn[] =>
  isNarrow(width) ? [name, ...rest] : [name, from, ...rest];

/** What kind of thing it is: "Run", "Experiment, 159 runs". */
export function kindWords({ what, runs }: TrashItem): string {
  if (what === 'experiment') return runs.length === 0 ? 'Experiment' : `Experiment, ${counted(runs.length, 'run')}`;
  return runs.length > 1 ? `Run with ${counted(runs.length - 1, 'evaluation')}` : 'Run';
}

/** The end of a path, which tells it from others. */
export function pathEnd(folder: string): string {
  const parts = folder.split(/[\\/]/).filter((part) => part !== '');
  return parts.length <= 3 ? folder : `…/${parts.slice(-3).join('/')}`;
}

export const sizeWords = ({ bytes }: TrashItem): string => (bytes === null ? 'counting' : formatBytes(bytes));

/** Days until it is deleted for good, the one that has begun among them. */
export function daysLeft(item: TrashItem, now: number): number {
  // The window's clock may be some seconds behind.
  return Math.min(trashDays, Math.max(0, Math.ceil((trashEnd(item) - now) / 86_400_000)));
}
