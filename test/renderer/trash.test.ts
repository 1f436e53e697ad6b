import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { questions } from '../../renderer/app/question.svelte.ts';
import { toasts } from '../../renderer/app/toasts.svelte.ts';
import { trash } from '../../renderer/app/trash.svelte.ts';
import { undo } from '../../renderer/app/undo.svelte.ts';
import { archiveRuns, lockRuns, removeRuns } from '../../renderer/runs/run-actions.ts';
import { deleteItems, emptyTrash, restoreItems } from '../../renderer/runs/trash-actions.ts';
import { daysLeft, kindWords, pathEnd, sizeWords } from '../../renderer/screens/trash/trash-columns.ts';
import { TrashView } from '../../renderer/screens/trash/trash-view.svelte.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { trashEnd, type TrashItem } from '../../shared/domain/trash.ts';
import { answerWith } from './fake-program.ts';
import { runSummary } from './run-summary.ts';

const item = (changes: Partial<TrashItem> = {}): TrashItem => ({
  id: 'a',
  what: 'run',
  name: 'knn on digits',
  folder: '/home/ada/runs/knn',
  trashed_at: '2026-11-30T12:00:00.000Z',
  runs: ['one'],
  bytes: 1000,
  ...changes,
});
const messages = () => toasts.list.map(({ message }) => message);
const hints = () => toasts.list.map(({ hint }) => hint);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const { id } of toasts.list) toasts.dismiss(id);
  while (undo.last());
  trash.items = [];
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Lets what was begun go on to its end. */
const settled = () => vi.advanceTimersByTimeAsync(0);

describe('undoing', () => {
  it('takes back the last act first, one after another, whatever its message is', async () => {
    const taken: string[] = [];
    undo.did('first', () => void taken.push('first'));
    undo.did('second', async () => {
      await Promise.resolve();
      taken.push('second');
    });
    vi.advanceTimersByTime(60_000);
    expect(messages()).toEqual([]);
    expect([undo.last(), undo.last(), undo.last()]).toEqual([true, true, false]);
    await settled();
    expect(taken).toEqual(['second', 'first']);
    expect(messages()).toEqual(['Undone. second', 'Undone. first']);
  });

  it('of an act by its message leaves the ones before it', async () => {
    const taken: string[] = [];
    undo.did('first', () => void taken.push('first'));
    undo.did('second', () => void taken.push('second'));
    await toasts.list.at(-1)?.action?.run();
    expect([taken, undo.last()]).toEqual([['second'], true]);
    await settled();
    expect(taken).toEqual(['second', 'first']);
  });

  it('that fails says why, and the next goes on', async () => {
    const taken: string[] = [];
    undo.did('first', () => void taken.push('first'));
    undo.did('second', () => Promise.reject(new CupbearerError('storage', 'The disk is full.')));
    undo.last();
    undo.last();
    await settled();
    expect(messages()).toEqual(['The disk is full.', 'Undone. first']);
  });

  it('covers deleting, archiving and locking', async () => {
    const changes: unknown[] = [];
    answerWith({
      runs: {
        change: (input) => (changes.push(input), {}),
        remove: ({ ids }) => ({ ids, needed: 2 }),
        restore: (input) => (changes.push(input), {}),
      },
    });
    const run = runSummary({ id: 'one' });
    await archiveRuns([run], true);
    await lockRuns([run], true);
    await removeRuns([run]);
    expect(hints().at(-1)).toBe('2 other runs built on this; the results stay.');
    while (undo.last());
    await settled();
    expect(changes).toEqual([
      { ids: ['one'], archived: true },
      { ids: ['one'], locked: true },
      { ids: ['one'] },
      { ids: ['one'], locked: false },
      { ids: ['one'], archived: false },
    ]);
  });
});

describe('deleting a run that cells wait for', () => {
  it.each([
    [true, [undefined, true], true],
    [false, [undefined], false],
  ])('asks first: %s', async (answer, asked, isGone) => {
    const anyway: unknown[] = [];
    answerWith({
      runs: {
        remove: (input) => {
          anyway.push(input.anyway);
          if (!input.anyway)
            throw new CupbearerError('conflict', '3 cells wait for this run.', { details: { awaited: 3 } });
          return { ids: input.ids, needed: 0 };
        },
      },
    });
    const removing = removeRuns([runSummary({ id: 'one' })]);
    await settled();
    expect(questions.current?.text).toBe('3 cells wait for this run.');
    questions.answer(answer);
    expect(await removing).toBe(isGone);
    expect([anyway, questions.current]).toEqual([asked, undefined]);
  });
});

describe('the trash', () => {
  it('is emptied, or a part of it deleted, only after asking with the size', async () => {
    const asked = answerWith({ trash: { empty: () => ({}), delete: () => ({}) } });
    trash.items = [item(), item({ id: 'b', bytes: 2_000_000 })];
    const emptying = emptyTrash();
    expect(questions.current).toMatchObject({ title: 'Empty the trash?', yes: 'Empty trash' });
    expect(questions.current?.text).toContain('2 items, 2\u00a0MB on disk.');
    questions.answer(false);
    await emptying;
    expect(asked).toEqual([]);
    const again = emptyTrash();
    questions.answer(true);
    await again;
    const deleting = deleteItems([item()]);
    questions.answer(true);
    expect([await deleting, asked]).toEqual([true, ['trash.empty', 'trash.delete']]);
  });

  it('says where something is that could not go back to its place, and what it is called', async () => {
    const restored = { name: 'Quick', folder: '/a/quick-2', isBeside: true, renamed: 'Quick (2)' };
    answerWith({ trash: { restore: () => ({ restored: [restored] }) } });
    await restoreItems([item({ what: 'experiment' })]);
    expect([messages(), hints()]).toEqual([
      ['Restored: Quick'],
      [
        'Its old place is taken, so it lies beside that, in /a/quick-2. Another experiment has its name, so it is called Quick (2) now.',
      ],
    ]);
  });

  it('is sorted by its heads, and selected by keys as far as it is there', () => {
    trash.items = [item({ id: 'c', bytes: 5 }), item({ id: 'b', bytes: 9 }), item({ id: 'a', bytes: null })];
    const view = new TrashView();
    const order = () => view.items.map(({ id }) => id);
    view.sortBy('size');
    expect(order()).toEqual(['b', 'c', 'a']);
    view.sortBy('size');
    expect(order()).toEqual(['a', 'c', 'b']);
    view.move(0);
    view.move(1, true);
    expect(view.selection.map(({ id }) => id)).toEqual(['a', 'c']);
    view.toggle('a');
    expect(view.selection.map(({ id }) => id)).toEqual(['c']);
    trash.items = [item({ id: 'a' })];
    expect(view.selection).toEqual([]);
    view.selectAll(true);
    expect(view.selection).toHaveLength(1);
  });

  it('is told in words', () => {
    expect(kindWords(item())).toBe('Run');
    expect(kindWords(item({ runs: ['one', 'two'] }))).toBe('Run with 1 evaluation');
    expect(kindWords(item({ what: 'experiment', runs: ['one'] }))).toBe('Experiment, 1 run');
    expect([pathEnd('/a/b'), pathEnd('/home/ada/runs/x/knn')]).toEqual(['/a/b', '…/runs/x/knn']);
    expect([sizeWords(item()), sizeWords(item({ bytes: null }))]).toEqual(['1\u00a0kB', 'counting']);
    const end = trashEnd(item());
    expect(daysLeft(item(), Date.parse(item().trashed_at) - 15_000)).toBe(30);
    expect([daysLeft(item(), end - 86_400_001), daysLeft(item(), end - 1), daysLeft(item(), end + 1)]).toEqual([
      2, 1, 0,
    ]);
  });
});
