import type { RunSummary } from '../../../shared/domain/live.ts';
import { formatDuration, formatMetric, formatPercent } from '../../../shared/format.ts';
import type { TermId } from '../../../shared/glossary.ts';
import { kindWords } from '../../../shared/run-titles.ts';
import { statusWords } from '../../components/status-words.ts';

/** Cells that are more than a text; the table's row draws them. */
export type OwnCell =
  'name' | 'status' | 'task' | 'detector' | 'experiment' | 'model' | 'runs' | 'auroc' | 'when' | 'tags';

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
  /** There at first, and only, where runs are in groups. */
  inGroups?: true;
  /** Chosen among all parameters and figures, and taken away in its head. */
  added?: true;
  /** Several values of it: "models"; the label in small letters with an s if not set. */
  plural?: string;
  /** What the rows are put in order by; runs without one come last. */
  key: (run: RunSummary) => string | number | null | undefined;
  /** The text in it, or what draws it. */
  cell: ((run: RunSummary) => string) | OwnCell;
  /** What a row of several runs counts and shows of it; the text in it if not set. */
  words?: (run: RunSummary) => string;
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

export const metric = (key: string) => (run: RunSummary) => run.metrics[key];
export const written = (key: string, format: (value: number) => string) => (run: RunSummary) => {
  const value = run.metrics[key];
  return typeof value === 'number' ? format(value) : '';
};
const share = (key: string) => ({ key: metric(key), cell: written(key, formatPercent) });
const figure = { width: 76, narrow: 76, align: 'right', isFigure: true } as const;

/** What groups, settings and seeds are called; it takes what is left of the width. */
export const nameColumn: Column = {
  id: 'name',
  label: 'Name',
  width: null,
  narrow: null,
  sticky: true,
  always: true,
  inGroups: true,
  key: (run) => run.createdAt,
  cell: 'name',
};

/** Px of columns that say more of a group than of a run. */
const widthsInGroups: Readonly<Record<string, number>> = { auroc: 232, status: 122 };
const narrowInGroups: Readonly<Record<string, number>> = { auroc: 200, status: 116, when: 84 };
/** Px of the task where names take what is left. */
const taskInGroups = 150;

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
    words: (run) => statusWords[run.status],
    plural: 'statuses',
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
    plural: 'tasks',
  },
  {
    id: 'dataset',
    label: 'Dataset',
    width: 110,
    narrow: 100,
    leaves: 14,
    key: (run) => run.ownDataset || run.dataset || null,
    cell: (run) => run.ownDataset || run.dataset,
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
    words: (run) => `${run.detector} ${run.detectorDetail}`.trim(),
  },
  {
    id: 'experiment',
    label: 'Experiment',
    width: 140,
    narrow: 120,
    leaves: 15,
    key: (run) => run.experiments.join() || null,
    cell: 'experiment',
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
    words: (run) => run.model,
  },
  {
    id: 'modelseed',
    label: 'Model\u2019s seed',
    width: 96,
    narrow: 90,
    align: 'right',
    term: 'seed',
    leaves: 4.5,
    key: (run) => run.modelSeed,
    cell: (run) => (run.modelSeed === null ? '' : String(run.modelSeed)),
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
    id: 'runs',
    label: 'Runs',
    width: 62,
    narrow: 56,
    align: 'right',
    pale: true,
    inGroups: true,
    key: (run) => run.createdAt,
    cell: 'runs',
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
    words: (run) => run.tags.join(', '),
    plural: 'sets of tags',
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

/** Px that the column that takes what is left has at least, and in a narrow window. */
const leastElastic = 190;
const leastNarrowElastic = 120;
/** A tree of names needs more. */
const leastName = 200;

/** Px that a table of these columns needs so that the one that takes what is left has its own. */
export function neededWidth(kept: readonly Column[], isNarrow: boolean): number {
  const rest = kept.reduce((sum, column) => sum + (column.width ?? 0), selectWidth);
  const elastic = kept.find(({ width }) => width === null);
  if (!elastic) return rest;
  return rest + (elastic.id === nameColumn.id ? leastName : isNarrow ? leastNarrowElastic : leastElastic);
}

/** A column as it stands in a table: an added one keeps its own width in a narrow window, where others would leave. */
function placed(column: Column, isNarrow: boolean, isGrouped: boolean): Column {
  const { id, width, narrow } = column;
  const own = isNarrow && narrow !== 0 ? narrow : width;
  if (!isGrouped) return { ...column, width: own };
  // Names mostly say what the task is, so that it may leave a table without room for it.
  if (id === 'task') return { ...taskCell(column), width: isNarrow ? leastNarrowElastic : taskInGroups, leaves: 8 };
  return { ...column, width: (isNarrow ? narrowInGroups : widthsInGroups)[id] ?? own };
}

/** The task where names stick to the edge in its place. */
function taskCell({ sticky: _, ...column }: Column): Column {
  return column;
}

/** A column that a person has chosen, with the width that they have given it. */
export interface ChosenColumn {
  column: Column;
  /** Px; its own if not set. */
  width?: number | undefined;
}

/** How a table is laid out. */
interface Layout {
  isNarrow: boolean;
  /** Runs are in groups, whose names come first. */
  isGrouped: boolean;
}

/**
 * Columns that a person has chosen, all of them, in their order and with the widths that they have; the table may be
 * wider than its place.
 */
export function chosenColumns(choices: readonly ChosenColumn[], { isNarrow, isGrouped }: Layout): readonly Column[] {
  const known = choices.filter(({ column }) => isGrouped || !column.inGroups);
  const missing = columns.filter(
    (column) =>
      (isNeeded(column, isGrouped) || (isGrouped && column.inGroups)) &&
      !known.some((one) => one.column.id === column.id),
  );
  // What must be there stands where the list of all columns has it: behind the nearest that comes before it there.
  for (const column of missing) {
    const before = columns.slice(0, columns.indexOf(column)).map(({ id }) => id);
    const after = known.findLastIndex((one) => before.includes(one.column.id));
    known.splice(after + 1, 0, { column });
  }
  const withWidths = known.map(({ column, width }) => {
    const own = placed(column, isNarrow, isGrouped);
    return width === undefined ? own : { ...own, width };
  });
  return withRoomForTime([...(isGrouped ? [nameColumn] : []), ...withWidths]);
}

/** Whether a column cannot be switched off. Where runs are in groups, names say what task and detector do. */
export const isNeeded = ({ id, always }: Column, isGrouped: boolean): boolean =>
  always === true && (!isGrouped || id === 'auroc');

/** Columns that are there at first. Where groups are by a field, its own column says nothing new. */
export function firstColumns(groups: readonly string[]): readonly Column[] {
  if (groups.length === 0) return columns.filter(({ shownAtFirst }) => shownAtFirst);
  const without = [...groups, 'kind', 'duration'];
  return columns.filter(
    ({ id, shownAtFirst, inGroups }) => (shownAtFirst || inGroups) && (id === 'auroc' || !without.includes(id)),
  );
}

/**
 * Of the columns that are there at first, those that stand in a table of `width` px, with the widths that they have
 * there. Some leave a table without room.
 */
export function fittingColumns(
  chosen: readonly Column[],
  width: number,
  { isNarrow, isGrouped }: Layout,
): readonly Column[] {
  const mayLeave = (column: Column) => column.leaves !== undefined;
  const laidOut = chosen
    .filter((column) => !(isNarrow && mayLeave(column) && column.narrow === 0))
    .map((column) => placed(column, isNarrow, isGrouped));
  let kept = withRoomForTime([...(isGrouped ? [nameColumn] : []), ...laidOut]);
  const leaving = kept.filter(mayLeave).sort((a, b) => (a.leaves ?? 0) - (b.leaves ?? 0));
  for (const { id } of leaving) {
    if (neededWidth(kept, isNarrow) <= width) break;
    kept = withRoomForTime(kept.filter((column) => column.id !== id));
  }
  return kept;
}

/** The time that is left of a running run reaches over the duration; without one, its own column must hold it. */
function withRoomForTime(kept: readonly Column[]): readonly Column[] {
  if (kept.some((column) => column.id === 'duration')) return kept;
  if (kept.some((column) => column.id === nameColumn.id)) return kept;
  return kept.map((column) =>
    column.id === 'when' && column.narrow !== null && (column.width ?? 0) < column.narrow
      ? { ...column, width: column.narrow }
      : column,
  );
}

/** Px of the column with the boxes that select. */
export const selectWidth = 34;

/** Figures and times start with the largest, words with "a". */
export const startsDescending = (column: Column): boolean => column.align === 'right' || column.id === 'auroc';

/** What a run is put in order by. */
interface Placed {
  run: RunSummary;
  value: string | number | null;
}

/** An order of runs. Keys are read once a run, not at each comparison. */
export interface RunOrder {
  place: (run: RunSummary) => Placed;
  compare: (a: Placed, b: Placed) => number;
}

/** Orders runs by a column, pinned ones first and those without a value last; equal ones newest first. */
export function runOrder({ key }: Pick<Column, 'key'>, descending: boolean): RunOrder {
  const direction = descending ? -1 : 1;
  const compare = ({ run: a, value: x }: Placed, { run: b, value: y }: Placed): number => {
    if (a.pinned !== b.pinned) return a.pinned ? -1 : 1;
    if (x !== y) {
      if (x === null) return 1;
      if (y === null) return -1;
      // Words and numbers of one parameter have no order among themselves.
      if (typeof x !== typeof y) return typeof x === 'number' ? -1 : 1;
      return (x < y ? -1 : 1) * direction;
    }
    return a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0;
  };
  return { place: (run) => ({ run, value: key(run) ?? null }), compare };
}

/** The order in words, for the foot of the table. */
export function sortWords({ id, label }: Pick<Column, 'id' | 'label'>, descending: boolean): string {
  if (id === 'when') return descending ? 'newest first' : 'oldest first';
  return `by ${label === 'AUROC' || label === 'AP' ? label : label.toLowerCase()}, ${descending ? 'descending' : 'ascending'}`;
}
