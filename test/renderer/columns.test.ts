import { describe, expect, it } from 'vitest';
import {
  chosenColumns,
  columns,
  firstColumns,
  fittingColumns,
  neededWidth,
  runOrder,
  selectWidth,
  sortWords,
  startsDescending,
} from '../../renderer/screens/runs/columns.ts';
import { columnOf, resolved } from '../../renderer/screens/runs/column-of.ts';
import type { RunSummary } from '../../shared/domain/live.ts';
import { runSummary } from './run-summary.ts';

const runs: RunSummary[] = [
  runSummary({ id: 'good', metrics: { auroc: 0.99 }, createdAt: '2026-11-24T10:00:00Z' }),
  runSummary({ id: 'none', metrics: { auroc: null }, createdAt: '2026-11-24T11:00:00Z' }),
  runSummary({ id: 'bad', metrics: { auroc: 0.5 }, createdAt: '2026-11-24T12:00:00Z' }),
  runSummary({ id: 'same', metrics: { auroc: 0.99 }, createdAt: '2026-11-24T13:00:00Z' }),
  runSummary({ id: 'pinned', metrics: { auroc: 0.7 }, pinned: true, createdAt: '2026-11-23T09:00:00Z' }),
];
const order = (column: (typeof columns)[number]['id'], descending: boolean) => {
  const { place, compare } = runOrder(columnOf(column)!, descending);
  return runs
    .map(place)
    .sort(compare)
    .map(({ run }) => run.id);
};

describe('the order of runs', () => {
  it('puts pinned runs first, those without a value last, equal ones newest first', () => {
    expect(order('auroc', true)).toEqual(['pinned', 'same', 'good', 'bad', 'none']);
    expect(order('auroc', false)).toEqual(['pinned', 'bad', 'same', 'good', 'none']);
  });

  it('sorts by time', () => {
    expect(order('when', true)).toEqual(['pinned', 'same', 'bad', 'none', 'good']);
    expect(order('when', false)).toEqual(['pinned', 'good', 'none', 'bad', 'same']);
  });
});

describe('columns', () => {
  it('are all different, and one of them takes what is left of the width', () => {
    expect(new Set(columns.map((column) => column.id)).size).toBe(columns.length);
    expect(columns.filter((column) => column.width === null).map((column) => column.id)).toEqual(['task']);
  });

  it('say their order in words', () => {
    expect(sortWords(columnOf('when')!, true)).toBe('newest first');
    expect(sortWords(columnOf('auroc')!, false)).toBe('by AUROC, ascending');
    expect(sortWords(columnOf('model')!, false)).toBe('by model, ascending');
  });

  it('start with the largest figure, and words with the first letter', () => {
    const starts = Object.fromEntries(columns.map((column) => [column.id, startsDescending(column)]));
    expect(starts).toMatchObject({ auroc: true, duration: true, when: true, model: false, task: false });
  });
});

describe('columns in a table of some width', () => {
  const chosen = columns.filter((column) => column.shownAtFirst);
  const left = (width: number, isNarrow = false) => {
    const kept = new Set(fittingColumns(chosen, width, { isNarrow, isGrouped: false }).map(({ id }) => id));
    return chosen.map(({ id }) => id).filter((id) => !kept.has(id));
  };

  it('all stay where the task has room, else tags leave first, then the duration, then the kind', () => {
    expect(left(1184)).toEqual([]);
    expect(left(1100)).toEqual(['tags']);
    expect(left(1000)).toEqual(['duration', 'tags']);
    expect(left(942)).toEqual(['kind', 'duration', 'tags']);
  });

  it('task, detector and AUROC never leave', () => {
    const least = fittingColumns(columns, 0, { isNarrow: false, isGrouped: false }).map(({ id }) => id);
    expect(least).toEqual(expect.arrayContaining(['task', 'detector', 'auroc']));
  });

  it('the time has room for what is left of a run where no duration stands beside it', () => {
    const widthAt = (width: number) =>
      fittingColumns(chosen, width, { isNarrow: false, isGrouped: false }).find(({ id }) => id === 'when')!.width;
    expect(widthAt(1184)).toBe(88);
    expect(widthAt(1000)).toBe(116);
    // And the task still has its own.
    const taskAt = (width: number) =>
      width -
      fittingColumns(chosen, width, { isNarrow: false, isGrouped: false }).reduce(
        (sum, column) => sum + (column.width ?? 0),
        selectWidth,
      );
    for (let width = 890; width < 1300; width += 10) expect(taskAt(width)).toBeGreaterThanOrEqual(190);
  });

  it('the task has room in the narrowest window, where the model leaves', () => {
    expect(left(712, true)).toEqual(['kind', 'model', 'duration', 'tags']);
    const taskAt = (width: number) =>
      width -
      fittingColumns(chosen, width, { isNarrow: true, isGrouped: false }).reduce(
        (sum, column) => sum + (column.width ?? 0),
        selectWidth,
      );
    for (let width = 712; width < 1150; width += 10) expect(taskAt(width)).toBeGreaterThanOrEqual(120);
  });

  it('those that a person has chosen stay in any window, and the table is as wide as they need', () => {
    for (const [width, isNarrow] of [
      [712, true],
      [1184, false],
    ] as const) {
      const flat = columns.filter(({ inGroups }) => !inGroups);
      const shown = chosenColumns(
        flat.map((column) => ({ column })),
        { isNarrow, isGrouped: false },
      );
      expect(shown.map(({ id }) => id)).toEqual(flat.map(({ id }) => id));
      const rest = shown.reduce((sum, column) => sum + (column.width ?? 0), selectWidth);
      expect(neededWidth(shown, isNarrow) - rest).toBeGreaterThanOrEqual(120);
      expect(neededWidth(shown, isNarrow)).toBeGreaterThan(width);
    }
  });

  it('those without a place in a narrow window leave it, however wide the table', () => {
    expect(left(1150, true)).toEqual(['kind', 'duration', 'tags']);
  });
});

describe('columns of groups', () => {
  const wide = { isNarrow: false, isGrouped: true };

  it('begin with the name, which takes what is left, and count runs', () => {
    const shown = fittingColumns(firstColumns(['experiment', 'detector']), Infinity, wide);
    expect(shown.map(({ id }) => id)).toEqual(['name', 'status', 'task', 'model', 'runs', 'auroc', 'when', 'tags']);
    expect(shown.filter(({ width }) => width === null).map(({ id }) => id)).toEqual(['name']);
    expect(shown.filter(({ sticky }) => sticky).map(({ id }) => id)).toEqual(['name']);
  });

  it('keep the order and widths that were chosen, and have what must be there', () => {
    const shown = chosenColumns(
      resolved([{ id: 'when' }, { id: 'task.max_test_size', width: 77 }, { id: 'auroc' }]),
      wide,
    );
    expect(shown.map(({ id }) => id)).toEqual(['name', 'runs', 'when', 'task.max_test_size', 'auroc']);
    expect(shown.find(({ id }) => id === 'task.max_test_size')?.width).toBe(77);
  });
});

describe('a column that is added', () => {
  it('is any figure of runs or any parameter by its path', () => {
    const run = runSummary({ metrics: { train_loss: 0.000123456, auroc: 0.9 } });
    const column = columnOf('metrics.train_loss');
    expect(column).toMatchObject({ label: 'Train loss', added: true });
    expect(column?.key(run)).toBe(0.000123456);
    expect(typeof column?.cell === 'function' && column.cell(run)).toBe('1.23e-4');
    expect(columnOf('detector.k')).toMatchObject({ label: 'detector.k', added: true });
    expect(columnOf('constructor')).toBeUndefined();
    expect(columnOf('elsewhere.k')).toBeUndefined();
  });
});
