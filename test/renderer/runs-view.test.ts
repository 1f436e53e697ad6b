import { beforeEach, describe, expect, it } from 'vitest';
import { catalogue } from '../../renderer/app/catalogue.svelte.ts';
import { columns } from '../../renderer/screens/runs/columns.ts';
import { filter } from '../../renderer/screens/runs/filter.svelte.ts';
import { view } from '../../renderer/screens/runs/runs-view.svelte.ts';
import type { RunSummary } from '../../shared/domain/live.ts';
import { runSummary } from './run-summary.ts';

/** Finished runs with these ids, each a minute older than the one before. */
function hasRuns(...runs: (string | Partial<RunSummary>)[]): void {
  const list = runs.map((given, k) =>
    runSummary({
      createdAt: `2026-11-24T10:${String(59 - k).padStart(2, '0')}:00Z`,
      ...(typeof given === 'string' ? { id: given } : given),
    }),
  );
  catalogue.runs = new Map(list.map((run) => [run.id, run]));
  catalogue.loaded = true;
}
const lines = () => view.items.map((item) => (item.type === 'group' ? `${item.title} ${item.count}` : item.id));
const selected = () => [...view.selected].sort();
const column = (id: string) => columns.find((one) => one.id === id)!;

beforeEach(() => {
  filter.clear();
  view.sort = { column: 'when', descending: true };
  view.select([]);
  view.cursor = null;
});

describe('the filter', () => {
  it('takes what is typed into account before it is a chip, and keeps a quote closed', () => {
    hasRuns({ id: 'a', tags: ['paper'] }, { id: 'b', notes: 'two words' }, 'c');
    filter.text = 'tag:paper';
    expect(view.matching.map(({ id }) => id)).toEqual(['a']);
    filter.text = 'notes:"two words';
    filter.commit();
    expect([filter.text, filter.chips]).toEqual(['', ['notes:"two words"']]);
    filter.text = 'tag:paper';
    expect(view.matching).toEqual([]);
    filter.removeChip(0);
    expect(view.matching.map(({ id }) => id)).toEqual(['a']);
    expect(filter.source).toBe('tag:paper');
  });

  it('shows nothing for a term that cannot be read, and says which it is', () => {
    hasRuns('a');
    filter.set('auroc>much');
    expect([filter.active, view.matching.length]).toEqual([true, 0]);
    expect(filter.misread.map(({ source }) => source)).toEqual(['auroc>much']);
  });

  it('shows what it did while the value of a term is being typed', () => {
    hasRuns('a');
    filter.text = 'auroc>';
    expect([filter.active, view.matching.length, filter.misread]).toEqual([false, 1, []]);
    filter.commit();
    expect([filter.active, view.matching.length, filter.misread.length]).toEqual([true, 0, 1]);
  });

  it('has archived runs only where they are asked for', () => {
    hasRuns('a', { id: 'b', archived: true });
    expect(view.matching.map(({ id }) => id)).toEqual(['a']);
    filter.set('is:archived');
    expect([filter.asksForArchived, view.matching.map(({ id }) => id)]).toEqual([true, ['b']]);
  });

  it.each([
    ['auroc>0.9', 0.9],
    ['auroc>=95%', 0.95],
    ['auroc>0.2', 0.5],
    ['auroc<0.9', 0.5],
    ['', 0.5],
  ])('%j has the axis start at %d', (query, start) => {
    filter.set(query);
    expect(filter.axisStart).toBe(start);
  });
});

describe('the lines of the table', () => {
  it('have what is not finished above, and do not repeat it below', () => {
    hasRuns('a', { id: 'b', status: 'running' }, { id: 'c', status: 'failed' });
    expect(lines()).toEqual(['Not finished 2', 'b', 'c', 'Finished 1', 'a']);
    filter.set('status:failed');
    expect(lines()).toEqual(['Not finished 1', 'b', 'Matching 1', 'c']);
  });

  it('are put in order by a column, first the way that suits it, then the other way', () => {
    hasRuns({ id: 'a', metrics: { auroc: 0.6 } }, { id: 'b', metrics: { auroc: 0.9 } }, 'c');
    view.sortBy(column('auroc'));
    expect(lines()).toEqual(['Finished 3', 'b', 'a', 'c']);
    view.sortBy(column('auroc'));
    expect(lines()).toEqual(['Finished 3', 'a', 'b', 'c']);
    view.sortBy(column('detector'));
    expect(view.sort).toEqual({ column: 'detector', descending: false });
  });
});

describe('the cursor and the selection', () => {
  it('move over runs, pass over heads of groups and stop at the ends', () => {
    hasRuns({ id: 'a', status: 'running' }, 'b', 'c');
    expect(lines()).toEqual(['Not finished 1', 'a', 'Finished 2', 'b', 'c']);
    expect([view.move(1), view.cursor]).toEqual([1, 'a']);
    expect([view.move(1), view.cursor]).toEqual([3, 'b']);
    expect([view.move(Infinity), view.cursor]).toEqual([4, 'c']);
    expect([view.move(1), view.cursor]).toEqual([4, 'c']);
    expect([view.move(-Infinity), view.cursor]).toEqual([1, 'a']);
    hasRuns();
    expect(view.move(1)).toBe(-1);
  });

  it('extend from where the last one was, over all rows between', () => {
    hasRuns('a', 'b', 'c', 'd', 'e');
    view.toggle('b');
    view.toggle('d', true);
    expect(selected()).toEqual(['b', 'c', 'd']);
    view.move(1, true);
    expect(selected()).toEqual(['b', 'c', 'd', 'e']);
    view.toggle('c');
    expect(selected()).toEqual(['b', 'd', 'e']);
  });

  it('extend to a run alone where the last one is no longer there', () => {
    hasRuns('a', 'b', 'c');
    view.toggle('a');
    hasRuns('b', 'c');
    view.toggle('c', true);
    expect(view.selection.map(({ id }) => id)).toEqual(['c']);
  });

  it('select all that the filter finds, or all that is shown', () => {
    hasRuns('a', { id: 'b', status: 'running' }, { id: 'c', archived: true }, { id: 'd', tags: ['paper'] });
    view.selectAll(true);
    expect(selected()).toEqual(['a', 'b', 'd']);
    filter.set('tag:paper');
    view.selectAll(true);
    expect(selected()).toEqual(['d']);
    view.selectAll(false);
    expect(selected()).toEqual([]);
  });
});
