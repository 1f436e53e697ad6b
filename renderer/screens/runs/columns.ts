import type { RunSummary } from '../../../shared/domain/live.ts';
import { formatDuration, formatMetric, formatPercent } from '../../../shared/format.ts';
import type { TermId } from '../../../shared/glossary.ts';
import type { GridSort } from '../../components/grid-column.ts';
import { kindWords } from '../../../shared/run-titles.ts';

/** Cells that are more than a text; the table's row draws them. */
export type OwnCell = 'status' | 'task' | 'detector' | 'model' | 'auroc' | 'when' | 'tags';

/** A column of the table: everything about it is declared here. */
export interface Column {
  id: string;
  label: string;
  /** Pixels; null takes what is left. */
  width: number | null;
  /** Width if the window is below 1200 px; 0 to hide it there. */
  narrow: number | null;
  align?: 'right';
  /** Stays visible when the table scrolls sideways. */
  sticky?: true;
  term?: TermId;
  /** Cannot be switched off. */
  always?: true;
  shownAtFirst?: true;
  /** What the rows are put in order by; runs without one come last. */
  key: (run: RunSummary) => string | number | null | undefined;
  /** The text in it, or what draws it. */
  cell: ((run: RunSummary) => string) | OwnCell;
  /** Less important: its text is pale. */
  pale?: true;
  /** Only finished runs have it. These columns are adjacent, and an unfinished run shows the reason across them. */
  isFigure?: true;
  /**
   * For columns shown at first: lower numbers leave a table that is too narrow before higher ones; without a number it
   * stays.
   */
  leaves?: number;
}

const metric = (key: string) => (run: RunSummary) => run.metrics[key];
const written = (key: string, format: (value: number) => string) => (run: RunSummary) => {
  const value = run.metrics[key];
  return typeof value === 'number' ? format(value) : '';
};
const share = (key: string) => ({ key: metric(key), cell: written(key, formatPercent) });
const figure = { width: 76, narrow: 76, align: 'right', isFigure: true } as const;

/** The columns of the table in their order: what a run is, its result, its time. */
export const columns: readonly Column[] = [
  {
    id: 'status',
    label: 'Status',
    width: 110,
    narrow: 110,
    shownAtFirst: true,
    key: (run) => run.status,
    cell: 'status',
  },
  {
    id: 'kind',
    label: 'Kind',
    width: 80,
    narrow: 0,
    shownAtFirst: true,
    leaves: 5,
    key: (run) => run.kind,
    cell: (run) => kindWords[run.kind],
  },
  {
    id: 'task',
    label: 'Task',
    width: null,
    narrow: null,
    term: 'task',
    sticky: true,
    always: true,
    shownAtFirst: true,
    key: (run) => `${run.task} ${run.taskDetail}`,
    cell: 'task',
  },
  {
    id: 'detector',
    label: 'Detector',
    width: 152,
    narrow: 126,
    term: 'detector',
    always: true,
    shownAtFirst: true,
    key: (run) => (run.detector === '' ? null : `${run.detector} ${run.detectorDetail}`),
    cell: 'detector',
  },
  {
    id: 'model',
    label: 'Model',
    width: 132,
    narrow: 110,
    shownAtFirst: true,
    leaves: 6,
    key: (run) => run.model,
    cell: 'model',
  },
  {
    id: 'seed',
    label: 'Seed',
    width: 60,
    narrow: 0,
    align: 'right',
    term: 'seed',
    leaves: 4,
    key: (run) => run.seed,
    cell: (run) => String(run.seed),
  },
  {
    id: 'engine',
    label: 'Engine',
    width: 92,
    narrow: 0,
    term: 'engine',
    leaves: 3,
    key: (run) => run.engines.join(),
    cell: (run) => run.engines.join(', '),
  },
  {
    id: 'auroc',
    label: 'AUROC',
    width: 178,
    narrow: 178,
    term: 'auroc',
    always: true,
    shownAtFirst: true,
    isFigure: true,
    key: metric('auroc'),
    cell: 'auroc',
  },
  {
    id: 'ap',
    label: 'AP',
    ...figure,
    term: 'ap',
    leaves: 7,
    key: metric('ap'),
    cell: written('ap', formatMetric),
  },
  {
    id: 'succeeded',
    label: 'AUROC, succeeded',
    ...figure,
    width: 128,
    term: 'aurocSuccessful',
    leaves: 12,
    key: metric('auroc_successful'),
    cell: written('auroc_successful', formatMetric),
  },
  {
    id: 'others',
    label: 'AUROC, other classes',
    ...figure,
    width: 148,
    term: 'aurocOtherClasses',
    leaves: 13,
    key: metric('auroc_other_classes'),
    cell: written('auroc_other_classes', formatMetric),
  },
  { id: 'tpr', label: 'TPR at 1 %', ...figure, width: 84, term: 'tprAtFpr1', leaves: 8, ...share('tpr_at_fpr_1') },
  { id: 'accuracy', label: 'Accuracy', ...figure, term: 'cleanAccuracy', leaves: 9, ...share('clean_accuracy') },
  { id: 'poison', label: 'Poison', ...figure, term: 'poisonShare', leaves: 11, ...share('poison_share') },
  { id: 'success', label: 'Attack', ...figure, term: 'attackSuccess', leaves: 10, ...share('attack_success') },
  {
    id: 'duration',
    label: 'Duration',
    width: 92,
    narrow: 0,
    align: 'right',
    shownAtFirst: true,
    pale: true,
    isFigure: true,
    leaves: 2,
    key: (run) => run.durationMs,
    cell: ({ durationMs }) => (durationMs === null ? '' : formatDuration(durationMs)),
  },
  {
    id: 'when',
    label: 'When',
    width: 88,
    narrow: 116,
    align: 'right',
    shownAtFirst: true,
    key: (run) => run.createdAt,
    cell: 'when',
  },
  {
    id: 'tags',
    label: 'Tags',
    width: 100,
    narrow: 0,
    shownAtFirst: true,
    leaves: 0,
    key: (run) => run.tags.join(' ') || null,
    cell: 'tags',
  },
  {
    id: 'notes',
    label: 'Notes',
    width: 160,
    narrow: 0,
    pale: true,
    leaves: 1,
    key: (run) => run.notes || null,
    cell: (run) => run.notes,
  },
];

/** Px that the task, which takes what is left, has at least, and in a narrow window. */
const leastTask = 190;
const leastNarrowTask = 120;

/** Returns the width of a column, px. An added column keeps its own in a narrow window, where others would leave. */
const widthOf = ({ width, narrow }: Column, isNarrow: boolean) => (isNarrow && narrow !== 0 ? narrow : width);

/** Px that a table of these columns needs so that the task has its own. */
export function neededWidth(kept: readonly Column[], isNarrow: boolean): number {
  const rest = kept.reduce((sum, column) => sum + (widthOf(column, isNarrow) ?? 0), selectWidth);
  return rest + (isNarrow ? leastNarrowTask : leastTask);
}

/**
 * Columns that a person has chosen, all of them, with the widths that they have; the table may be wider than its place.
 */
export const chosenColumns = (chosen: readonly Column[], isNarrow: boolean): readonly Column[] =>
  withRoomForTime(chosen).map((column) => ({ ...column, width: widthOf(column, isNarrow) }));

/**
 * Of the columns that are there at first, those that stand in a table of `width` px, with the widths that they have
 * there; `isNarrow` where the window is below 1200 px. Some leave a table without room.
 */
export function fittingColumns(chosen: readonly Column[], width: number, isNarrow: boolean): readonly Column[] {
  const mayLeave = (column: Column) => column.leaves !== undefined;
  let kept = withRoomForTime(chosen.filter((column) => !(isNarrow && mayLeave(column) && column.narrow === 0)));
  const leaving = kept.filter(mayLeave).sort((a, b) => a.leaves! - b.leaves!);
  for (const { id } of leaving) {
    if (neededWidth(kept, isNarrow) <= width) break;
    kept = withRoomForTime(kept.filter((column) => column.id !== id));
  }
  return kept.map((column) => ({ ...column, width: widthOf(column, isNarrow) }));
}

/** The time that is left of a running run reaches over the duration; without one, its own column must hold it. */
function withRoomForTime(kept: readonly Column[]): readonly Column[] {
  if (kept.some((column) => column.id === 'duration')) return kept;
  return kept.map((column) => (column.id === 'when' ? { ...column, width: column.narrow } : column));
}

/** Px of the column with the boxes that select. */
export const selectWidth = 34;

/** Figures and times start with the largest, words with "a". */
export const startsDescending = (column: Column): boolean => column.align === 'right' || column.id === 'auroc';

/** Compares runs by a column, pinned ones first and those without a value last; equal ones newest first. */
export function comparator({ column, descending }: GridSort): (a: RunSummary, b: RunSummary) => number {
  const { key } = columns.find((other) => other.id === column)!;
  const direction = descending ? -1 : 1;
  return (a, b) => {
    if (a.pinned !== b.pinned) return a.pinned ? -1 : 1;
    const [x, y] = [key(a) ?? null, key(b) ?? null];
    if (x !== y) {
      if (x === null) return 1;
      if (y === null) return -1;
      return (x < y ? -1 : 1) * direction;
    }
    return a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0;
  };
}

/** The order in words, for the foot of the table. */
export function sortWords({ column, descending }: GridSort): string {
  if (column === 'when') return descending ? 'newest first' : 'oldest first';
  const { label } = columns.find((other) => other.id === column)!;
  return `by ${label === 'AUROC' || label === 'AP' ? label : label.toLowerCase()}, ${descending ? 'descending' : 'ascending'}`;
}
