import { beforeEach, describe, expect, it } from 'vitest';
import { catalogue } from '../../renderer/app/catalogue.svelte.ts';
import { columns } from '../../renderer/screens/runs/columns.ts';
import { filter } from '../../renderer/screens/runs/filter.svelte.ts';
import { view } from '../../renderer/screens/runs/runs-view.svelte.ts';
import { experiments } from '../../renderer/app/experiments.svelte.ts';
import { placeOf, savedViews } from '../../renderer/screens/runs/saved-views.svelte.ts';
import type { ExperimentSummary } from '../../shared/domain/experiment-view.ts';
import type { RunSummary } from '../../shared/domain/live.ts';
import { settingsSchema, type AppInfo } from '../../shared/domain/settings.ts';
import { answerWith } from './fake-program.ts';
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
const lines = () => view.items.map((item) => (item.type === 'head' ? `${item.title} ${item.count}` : item.id));
/** Lines of groups, deeper ones further in. */
const tree = () =>
  view.items.map((item) => {
    if (item.type === 'head') return `${item.title} ${item.count}`;
    const inside = '  '.repeat(item.level);
    if (item.type === 'group') return `${inside}${item.isOpen ? '-' : '+'} ${item.title} (${item.runs.length})`;
    return `${inside}${item.title}`;
  });
const open = (title: string) => {
  const found = view.items.find((item) => item.type === 'group' && item.title === title);
  if (found?.type === 'group') view.turn(found);
};
const selected = () => [...view.selected].sort();
const column = (id: string) => columns.find((one) => one.id === id)!;

beforeEach(() => {
  view.show({});
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

describe('groups', () => {
  /** A finished run of a detector on a task; the setting is named after both. */
  const cell = (detector: string, trigger: string, seed: number, auroc: number, more: Partial<RunSummary> = {}) => ({
    id: `${detector}-${trigger}-${seed}`,
    detector,
    setting: `${detector} on ${trigger}`,
    seed,
    modelSeed: seed,
    metrics: { auroc },
    subject: {
      training: 'poisoned' as const,
      trained: { id: trigger, detail: '' },
      tested: { id: trigger, detail: '' },
      change: '',
      words: '',
    },
    ...more,
  });
  const grid = () => [
    cell('knn', 'corner', 1, 0.9),
    cell('knn', 'corner', 0, 0.8),
    cell('knn', 'noise', 0, 0.95),
    cell('que', 'corner', 0, 0.7),
  ];

  it('are nested, and seeds of one setting are one line', () => {
    hasRuns(...grid());
    view.show({ groups: ['detector'] });
    expect(tree()).toEqual([
      '- knn (3)',
      '  + backdoor, corner (2)',
      '  backdoor, noise, seed 0',
      '- que (1)',
      '  backdoor, corner, seed 0',
    ]);
    open('backdoor, corner');
    expect(tree().slice(1, 4)).toEqual(['  - backdoor, corner (2)', '    seed 0', '    seed 1']);
    view.show({ groups: ['task', 'detector'] });
    expect(tree()).toEqual(['- backdoor, corner (3)', '  + knn (2)', '  + que (1)', '- backdoor, noise (1)', '  + knn (1)']); // prettier-ignore
  });

  it('are of experiments by their names, of tags where a run has several, and of what has none last', () => {
    hasRuns(cell('knn', 'corner', 0, 0.9, { tags: ['a', 'b'] }), cell('que', 'corner', 0, 0.9, { experiments: ['e'] }));
    view.show({ groups: ['tag'] });
    expect(tree().filter((line) => !line.startsWith(' '))).toEqual(['- a (1)', '- b (1)', '- Without a tag (1)']);
    experiments.list = [{ id: 'e', name: 'Mine' } as ExperimentSummary];
    view.show({ groups: ['experiment'] });
    expect(tree().filter((line) => !line.startsWith(' '))).toEqual(['- Mine (1)', '- Not in an experiment (1)']);
  });

  it('tell settings by parameters of what they build on', () => {
    const share = (id: string, value: string) =>
      runSummary({ id, kind: 'classifier', detector: '', setting: id, details: [{ label: 'Poisoned share', value }] });
    const [low, high] = [share('low', '1 %'), share('high', '5 %')];
    hasRuns(low, high, cell('knn', 'corner', 0, 0.8, { parents: ['low'] }), cell('knn', 'corner', 0, 0.9, { id: 'x', setting: 'x', parents: ['high'] })); // prettier-ignore
    view.show({ filter: 'kind:detector', groups: ['detector'] });
    expect(tree()).toEqual(['- knn (2)', '  poisoned share 1 %, seed 0', '  poisoned share 5 %, seed 0']);
  });

  it('show a few lines, and the others on request', () => {
    hasRuns(...Array.from({ length: 10 }, (_, k) => cell('knn', `t${k}`, 0, 0.5)));
    view.show({ groups: ['detector'] });
    expect(tree()).toHaveLength(8);
    expect(tree().at(-1)).toBe('  Show 4 more runs');
    view.cursor = view.items.at(-1)!.id;
    expect(view.unfold('turn')).toBe(true);
    expect(tree()).toHaveLength(11);
    expect(tree().at(-1)).toBe('  backdoor, t9, seed 0');
  });

  it('put settings in order by their means, the best first', () => {
    hasRuns(cell('knn', 'a', 0, 0.99), cell('knn', 'a', 1, 0.5), cell('knn', 'b', 0, 0.8), cell('knn', 'c', 0, 0.1));
    view.show({ groups: ['detector'], sort: { column: 'auroc', descending: true } });
    expect(tree().slice(1)).toEqual(['  backdoor, b, seed 0', '  + backdoor, a (2)', '  backdoor, c, seed 0']);
    view.sortBy(column('auroc'));
    expect(tree().slice(1)).toEqual(['  backdoor, c, seed 0', '  + backdoor, a (2)', '  backdoor, b, seed 0']);
  });

  it('are put in order by their names, what has none last', () => {
    hasRuns(cell('que', 'a', 0, 0.9), cell('knn', 'a', 0, 0.9), cell('', 'a', 0, 0.9, { kind: 'classifier' }));
    view.show({ groups: ['detector'], sort: { column: 'name', descending: false } });
    const names = () => tree().filter((line) => !line.startsWith(' '));
    expect(names()).toEqual(['- knn (1)', '- que (1)', '- Classifiers (1)']);
    view.show({ groups: ['detector'], sort: { column: 'name', descending: true } });
    expect(names()).toEqual(['- que (1)', '- knn (1)', '- Classifiers (1)']);
  });

  it('keep what is not finished in sight, above them where the filter leaves it out', () => {
    hasRuns(...grid(), { id: 'going', status: 'running', detector: 'vae' });
    view.show({ groups: ['detector'] });
    expect(tree()).toContain('- vae (1)');
    expect(tree().some((line) => line.startsWith('Not finished'))).toBe(false);
    view.show({ groups: ['detector'], filter: 'detector:knn' });
    expect(tree().slice(0, 2)).toEqual(['Not finished 1', '']);
    expect(view.items[1]?.id).toBe('going');
  });

  it('are selected as a whole, and folded and left by keys', () => {
    // What another test has unfolded stays so.
    hasRuns(cell('ted', 'corner', 1, 0.9), cell('ted', 'corner', 0, 0.8), cell('ted', 'noise', 0, 0.95));
    view.show({ groups: ['detector'] });
    view.move(0);
    view.toggle(view.cursor!);
    expect(selected()).toEqual(['ted-corner-0', 'ted-corner-1', 'ted-noise-0']);
    view.toggle(view.cursor!);
    expect(selected()).toEqual([]);
    view.move(1);
    expect(view.unfold('right')).toBe(true);
    expect(view.unfold('right')).toBe(false);
    view.move(1);
    expect(view.cursorRun?.id).toBe('ted-corner-0');
    view.unfold('left');
    expect(view.cursorRun).toBeUndefined();
    expect([view.unfold('left'), tree()[1]]).toEqual([true, '  + backdoor, corner (2)']);
    expect(view.unfold('left')).toBe(true);
    expect(view.unfold('turn')).toBe(true);
    expect(tree()[0]).toBe('+ ted (3)');
  });

  it('have a fold of their own in each view, which is not in its place', () => {
    hasRuns(...grid());
    const place = { filter: 'auroc>0.1', groups: ['task'], sort: { column: 'auroc', descending: true } };
    view.show(place);
    expect(view.place).toEqual(place);
    open('backdoor, noise');
    expect(view.place).toEqual(place);
    view.show({ groups: ['no such field'], sort: { column: 'nor this', descending: true } });
    expect(view.place).toEqual({});
  });
});

describe('columns of the table', () => {
  it('are moved, resized, added and taken away, and kept with the settings', async () => {
    const kept: unknown[] = [];
    answerWith({
      app: {
        settings: () => settingsSchema.parse({}),
        change: (changes) => (kept.push(changes.runColumns), settingsSchema.parse(changes)),
        info: () => ({}) as AppInfo,
      },
    });
    view.show({ columns: [{ id: 'task' }, { id: 'detector' }, { id: 'auroc' }, { id: 'when' }] });
    const ids = () => view.shown.map(({ id }) => id).join();
    await view.toggleColumn({ id: 'detector.k' });
    expect(ids()).toBe('task,detector,auroc,detector.k,when');
    await view.toggleColumn({ id: 'model' });
    expect(ids()).toBe('task,detector,model,auroc,detector.k,when');
    await view.shiftColumn('when', -1);
    expect(ids()).toBe('task,detector,model,auroc,when,detector.k');
    await view.moveColumn('detector.k', 'task');
    expect(ids()).toBe('detector.k,task,detector,model,auroc,when');
    await view.resizeColumn('auroc', 2000);
    expect(view.shown.find(({ id }) => id === 'auroc')?.width).toBe(800);
    await view.toggleColumn({ id: 'detector.k' });
    await view.shiftColumn('task', -5);
    expect(kept.at(-1)).toBe('task,detector,model,auroc:800,when');
    expect(view.place.columns).toEqual([{ id: 'task' }, { id: 'detector' }, { id: 'model' }, { id: 'auroc', width: 800 }, { id: 'when' }]); // prettier-ignore
    await view.resetColumns();
    expect([kept.at(-1), view.place]).toEqual([null, {}]);
  });
});

describe('saved views', () => {
  it('hold all that the table shows, and are renamed, replaced, deleted and brought back', async () => {
    let stored = settingsSchema.parse({});
    answerWith({
      app: {
        settings: () => stored,
        change: (changes) => (stored = settingsSchema.parse({ ...stored, ...changes })),
        info: () => ({}) as AppInfo,
      },
    });
    hasRuns({ id: 'a', tags: ['paper'] }, 'b');
    view.show({ filter: 'tag:paper', groups: ['detector'] });
    await savedViews.save('Paper');
    expect(savedViews.isAsShown).toBe(true);
    view.show({});
    expect([savedViews.isAsShown, view.isGrouped]).toEqual([false, false]);
    const [saved] = savedViews.list;
    savedViews.show(saved!);
    expect([filter.source, view.groups, savedViews.isAsShown]).toEqual(['tag:paper', ['detector'], true]);
    expect(savedViews.countOf(placeOf(saved!))).toBe(1);
    view.sortBy(column('auroc'));
    await savedViews.save('Paper');
    expect(savedViews.list).toHaveLength(1);
    await savedViews.rename('Paper', ' The paper ');
    expect([savedViews.list.map(({ name }) => name), savedViews.isAsShown]).toEqual([['The paper'], true]);
    const restore = await savedViews.remove('The paper');
    expect(stored.runViews).toEqual([]);
    await restore();
    expect(stored.runViews.map(({ name }) => name)).toEqual(['The paper']);
  });
});
